import { ipcAddress, type SocketName } from '@onitu/protocol'
import { resolve } from 'import-meta-resolve'
import type { Setup, SetupService } from '../setup/setup.ts'
import { defaultRestartPolicy, type RestartPolicy } from './restart-policy.ts'
import { type ProcessOptions, SupervisedProcess } from './supervised-process.ts'

/** File URLs of what each process runs. */
export interface ProcessEntries {
  readonly escalator: string
  readonly referee: string
  readonly service: string
}

export interface HubOptions {
  readonly setup: Setup
  /** The directory of the sockets. */
  readonly runtime: string
  /** The directory of LevelDB. */
  readonly database: string
  readonly debug: boolean
  readonly onLine: ProcessOptions['onLine']
  readonly onState: ProcessOptions['onState']
  readonly policy?: RestartPolicy
  /** Default: those of the installed packages. Tests run others. */
  readonly entries?: ProcessEntries
  /** ms from the wish to stop a process until it is killed. Default 10,000. */
  readonly grace?: number
}

/** The processes of a session, none of them started yet. */
export interface Hub {
  readonly escalator: SupervisedProcess
  readonly referee: SupervisedProcess
  readonly services: ReadonlyMap<string, SupervisedProcess>
  /** The socket of a service's Plug. */
  plugSocket(service: string): SocketName
}

const GRACE = 10_000
// The Referee judges everything anew under a changed setup before it is ready, and Escalator may wait for a predecessor.
const READY_TIMEOUT = 300_000

export function createHub(options: HubOptions): Hub {
  const { setup, runtime, database, debug, entries = installedEntries() } = options
  const address = (name: SocketName) => ipcAddress(runtime, name)
  const common = { type: 'start', bus: address('bus-in'), debug }
  const connected = { ...common, session: setup.name, escalator: address('escalator'), runtime }
  const names = [...setup.services.keys()]
  const plugSocket = (service: string): SocketName => `plug-${names.indexOf(service)}`
  const service = ({ name, driver }: SetupService, index: number): [string, SupervisedProcess] => [
    name,
    supervise(options, name, entries.service, { ...connected, service: name, driver: driver.url, index }),
  ]
  return {
    escalator: supervise(options, 'escalator', entries.escalator, {
      ...common,
      address: address('escalator'),
      directory: database,
    }),
    referee: supervise(options, 'referee', entries.referee, connected),
    services: new Map([...setup.services.values()].map(service)),
    plugSocket,
  }
}

function installedEntries(): ProcessEntries {
  return {
    escalator: resolve('@onitu/escalator/main', import.meta.url),
    referee: resolve('@onitu/referee/main', import.meta.url),
    service: resolve('@onitu/plug/main', import.meta.url),
  }
}

function supervise(options: HubOptions, name: string, module: string, configuration: unknown): SupervisedProcess {
  const { onLine, onState, policy = defaultRestartPolicy, grace = GRACE } = options
  return new SupervisedProcess({
    name,
    module,
    configuration,
    policy,
    grace,
    readyTimeout: READY_TIMEOUT,
    onLine,
    onState,
  })
}
