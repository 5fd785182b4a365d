import type { CallOptions, Database } from '@onitu/escalator'
import { conflictSchema, isOnituError, keys, parseRecord } from '@onitu/protocol'
import { readHeld } from '../held/read-held.ts'
import type { Setup, SetupService } from '../setup/setup.ts'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'
import { collectMajordomo, type RemoteSource } from './collect-majordomo.ts'
import { memoryOf } from './memory.ts'
import { readService, type ServiceFacts } from './read-service.ts'
import type { ConflictStatus, ProcessStatus, ServiceStatus, Status } from './status.ts'

export interface StatusSource {
  readonly setup: Setup
  readonly setupFile: string
  readonly started: number
  readonly escalator: SupervisedProcess
  readonly referee: SupervisedProcess
  readonly majordomo: SupervisedProcess | undefined
  readonly services: ReadonlyMap<string, SupervisedProcess>
  /** Undefined without `majordomo` in the setup. */
  readonly remotes: RemoteSource | undefined
  /** Undefined while the session comes up. */
  readonly database: Database | undefined
}

/** ms: a status that comes late is worth less than one that says that the database does not answer. */
const DATABASE_TIMEOUT = 5_000

export async function collectStatus(source: StatusSource): Promise<Status> {
  const majordomo = await collectMajordomo(source)
  const [processes, services, conflicts, held] = await Promise.all([
    describeProcesses(source),
    Promise.all([...source.setup.services.values()].map((service) => describeService(source, service))),
    unlessDown(source, readConflicts),
    unlessDown(source, (database, options) => readHeld(database, source.setup.services.keys(), options)),
  ])
  const { setup, setupFile } = source
  const remotes = majordomo === undefined ? {} : { majordomo }
  return { session: setup.name, setup: setupFile, processes, services, conflicts, held, ...remotes }
}

async function describeProcesses(source: StatusSource): Promise<ProcessStatus[]> {
  const kinds: [ProcessStatus['kind'], SupervisedProcess][] = [
    ['escalator', source.escalator],
    ['referee', source.referee],
    ...(source.majordomo === undefined
      ? []
      : ([['majordomo', source.majordomo]] as [ProcessStatus['kind'], SupervisedProcess][])),
    ...[...source.services.values()].map((process): [ProcessStatus['kind'], SupervisedProcess] => ['service', process]),
  ]
  const memory = await memoryOf([process.pid, ...kinds.flatMap(([, { pid }]) => pid ?? [])])
  const launcher: ProcessStatus = {
    name: 'launcher',
    kind: 'launcher',
    state: 'running',
    reason: '',
    pid: process.pid,
    restarts: 0,
    memory: memory.get(process.pid) ?? null,
    since: source.started,
  }
  return [launcher, ...kinds.map(([kind, supervised]) => describeProcess(kind, supervised, memory))]
}

function describeProcess(
  kind: ProcessStatus['kind'],
  supervised: SupervisedProcess,
  memory: ReadonlyMap<number, number>,
): ProcessStatus {
  const { name, state, reason, pid, restarts, since } = supervised
  return { name, kind, state, reason, pid, restarts, since, memory: pid === null ? null : (memory.get(pid) ?? null) }
}

async function describeService(source: StatusSource, service: SetupService): Promise<ServiceStatus> {
  const facts = await unlessDown(source, (database, options) => readService(database, service.name, options))
  const unknown: ServiceFacts = { counts: null, failed: [], unavailable: [] }
  return {
    name: service.name,
    driver: service.driver.name,
    state: source.services.get(service.name)?.state ?? 'stopped',
    folders: [...service.folders.keys()],
    ...(facts ?? unknown),
  }
}

async function readConflicts(database: Database, options: CallOptions): Promise<ConflictStatus[]> {
  const entries = await database.range({ prefix: keys.conflictPrefix, ...options }).all()
  return entries.map(([key, value]) => {
    const { folder, path, copyPath, winner, loser } = parseRecord(conflictSchema, value, key)
    return { folder, path, copyPath, winner, loser }
  })
}

/** Null when the database is not there or does not answer in time; that is shown as such. */
async function unlessDown<T>(
  { database }: StatusSource,
  read: (database: Database, options: CallOptions) => Promise<T>,
): Promise<T | null> {
  if (database === undefined) return null
  try {
    return await read(database, { timeout: DATABASE_TIMEOUT })
  } catch (error) {
    if (isOnituError(error) && (error.retryable || error.code.endsWith('CLOSED'))) return null
    throw error
  }
}
