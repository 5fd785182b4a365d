import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { KeyPlaces } from '@onitu/majordomo/keys'
import { ipcAddress, type SocketName } from '@onitu/protocol'
import { resolve } from 'import-meta-resolve'
import type { Setup } from '../setup/setup.ts'
import { defaultRestartPolicy, type RestartPolicy } from './restart-policy.ts'
import { type ProcessOptions, SupervisedProcess } from './supervised-process.ts'

/** File URLs of what each process runs. */
export interface ProcessEntries {
  readonly escalator: string
  readonly referee: string
  readonly service: string
  /** These two are needed only with `majordomo` in the setup. */
  readonly majordomo?: string
  /** The driver of services that clients of Majordomo set up. */
  readonly remoteDriver?: string
}

export interface HubOptions {
  readonly setup: Setup
  /** The directory of the sockets. */
  readonly runtime: string
  /** The directory of LevelDB. */
  readonly database: string
  /** In it each service has a directory of its own, for what may be lost. */
  readonly scratch: string
  readonly debug: boolean
  readonly onLine: ProcessOptions['onLine']
  readonly onState: ProcessOptions['onState']
  readonly policy?: RestartPolicy
  /** Default: those of the installed packages. Tests run others. */
  readonly entries?: ProcessEntries
  /** ms from the wish to stop a process until it is killed. Default 10,000. */
  readonly grace?: number
  /** Needed with `majordomo` in the setup. */
  readonly keys?: KeyPlaces
}

/** The processes of a session, none of them started yet. */
export interface Hub {
  readonly escalator: SupervisedProcess
  readonly referee: SupervisedProcess
  /** Undefined when the setup has none. */
  readonly majordomo: SupervisedProcess | undefined
  readonly services: ReadonlyMap<string, SupervisedProcess>
  /** For services that come later, at the side of those of the setup. Not started yet. */
  addService(name: string, driverUrl: string): SupervisedProcess
  /** Closes it; one of the same name may be added again. */
  removeService(name: string): Promise<void>
  /** All of them, together, for good. May be called twice. */
  closeServices(): Promise<void>
  /** In the order in which they end. */
  processes(): readonly SupervisedProcess[]
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
  // A service that is removed and added again keeps its number, and with it the address of its Plug.
  const indices = new Map<string, number>()
  const indexOf = (name: string) => {
    const index = indices.get(name) ?? indices.size
    indices.set(name, index)
    return index
  }
  const services = new Map<string, SupervisedProcess>()
  const addService = (name: string, driver: string) => {
    const index = indexOf(name)
    const scratch = join(options.scratch, `plug-${index}`)
    const configuration = { ...connected, service: name, driver, index, scratch }
    const service = supervise(options, name, entries.service, configuration)
    services.set(name, service)
    return service
  }
  for (const { name, driver } of setup.services.values()) addService(name, driver.url)
  const escalator = supervise(options, 'escalator', entries.escalator, {
    ...common,
    address: address('escalator'),
    directory: database,
  })
  const referee = supervise(options, 'referee', entries.referee, connected)
  const majordomo = superviseMajordomo(options, connected, entries)
  return {
    escalator,
    referee,
    majordomo,
    services,
    plugSocket: (name) => `plug-${indexOf(name)}`,
    addService,
    async removeService(name) {
      const service = services.get(name)
      services.delete(name)
      await service?.close()
    },
    async closeServices() {
      await Promise.all([...services.values()].map((service) => service.close()))
    },
    processes: () => [...services.values(), ...(majordomo === undefined ? [] : [majordomo]), referee, escalator],
  }
}

function superviseMajordomo(
  options: HubOptions,
  connected: object,
  entries: ProcessEntries,
): SupervisedProcess | undefined {
  const { setup, keys } = options
  if (setup.majordomo === undefined || keys === undefined) return undefined
  const { bind, requests, handlers, heartbeat, limits } = setup.majordomo
  const host = bind === '*' ? '0.0.0.0' : isIPv6(bind) ? `[${bind}]` : bind
  const entry = entries.majordomo ?? resolve('@onitu/majordomo/main', import.meta.url)
  return supervise(options, 'majordomo', entry, {
    ...connected,
    requests: `tcp://${host}:${requests}`,
    handlers: `tcp://${host}:${handlers}`,
    secretKeyFile: keys.serverKey,
    authorizedKeysFile: keys.authorizedKeys,
    heartbeat,
    limits,
  })
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
