import { fileId, isOnituError, OnituError } from '@onitu/protocol'
import { collectHistory, readRecords } from './collect-history.ts'
import type { FileHistory, FileVersion } from './file-history.ts'
import type { HistorySource } from './history-source.ts'
import type { FilePlace } from './locate-file.ts'

/** What `onitu restore` did. */
export interface RestoreResult {
  readonly folder: string
  readonly path: string
  readonly version: number
  /** The service on which it was done; null when the file has that content already. */
  readonly service: string | null
}

/** ms: the content may be large. */
const RESTORE_TIMEOUT = 2 ** 31 - 1
const DATABASE_TIMEOUT = 10_000

/**
 * Has a service put the content of a version back at the path.
 * @throws OnituError `VERSION_NOT_FOUND`, `NO_CONTENT` (it is a deletion or a directory), `CONTENT_GONE`, `NO_SERVICE`, what the service threw
 */
export async function restoreVersion(
  source: HistorySource,
  place: FilePlace,
  version: number,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const history = await collectHistory(source, place, signal)
  const wanted = findVersion(history, version)
  const done = { ...place, version }
  if (history.versions.some(({ current, kind, hash }) => current && kind === 'file' && hash === wanted.hash))
    return { ...done, service: null }
  const sources = sourcesOf(source, place, wanted)
  if (sources.length === 0) throw contentGone(source, history, wanted)
  const services = await servicesFor(source, place, new Set(sources.map(({ service }) => service)))
  const { hash, size, mtime, mode } = wanted
  const body = { type: 'restore', ...place, hash, size, mtime, mode, version, sources }
  return { ...done, service: await onFirst(services, (service) => source.ask(service, body, RESTORE_TIMEOUT, signal)) }
}

function findVersion({ versions, path }: FileHistory, version: number): FileVersion {
  const wanted = versions.find((one) => one.version === version)
  if (wanted === undefined) {
    throw new OnituError(
      'VERSION_NOT_FOUND',
      `${JSON.stringify(path)} has no version ${version}; \`onitu history\` lists those that there are`,
    )
  }
  if (wanted.deleted || wanted.kind === 'directory') {
    const what = wanted.deleted ? 'its deletion' : 'a directory'
    throw new OnituError(
      'NO_CONTENT',
      `Version ${version} of ${JSON.stringify(path)} is ${what}; choose one with a content`,
    )
  }
  return wanted
}

/** Those that may be read: from a file that a service holds, else from its history. */
function sourcesOf(source: HistorySource, { folder, path }: FilePlace, { heldBy, keptBy }: FileVersion) {
  const fid = fileId(folder, path)
  const held = heldBy.map((holder) => ({ ...holder, history: false }))
  const kept = keptBy.map(({ service }) => ({ service, fid, history: true }))
  return [...held, ...kept].filter(
    ({ service }) => modeOf(source, service, folder) !== 'w' && source.services.get(service)?.state === 'running',
  )
}

function modeOf({ setup }: HistorySource, service: string, folder: string): unknown {
  return setup.services.get(service)?.folders.get(folder)?.options.mode ?? 'rw'
}

function contentGone(source: HistorySource, { folder, path, unasked }: FileHistory, wanted: FileVersion): OnituError {
  const names = [...new Set([...wanted.heldBy, ...wanted.keptBy].map(({ service }) => service))]
  const writeOnly = names.filter((service) => modeOf(source, service, folder) === 'w')
  const asleep = [...new Set([...unasked, ...names])].filter((name) => source.services.get(name)?.state !== 'running')
  const hints = [
    ...(writeOnly.length === 0 ? [] : [`${writeOnly.join(', ')} has it, but is write-only: copy it by hand`]),
    ...(asleep.length === 0 ? [] : [`${asleep.join(', ')} does not run and may have it`]),
  ]
  return new OnituError(
    'CONTENT_GONE',
    [`The content of version ${wanted.version} of ${JSON.stringify(path)} is nowhere any more`, ...hints].join('; '),
  )
}

/** Services that may be written, first those that have the content, and those that have the file. */
async function servicesFor(
  source: HistorySource,
  { folder, path }: FilePlace,
  sources: ReadonlySet<string>,
): Promise<string[]> {
  const fid = fileId(folder, path)
  const names = [...source.setup.services.values()]
    .filter(({ name, folders }) => folders.has(folder) && modeOf(source, name, folder) === 'rw')
    .map(({ name }) => name)
    .filter((name) => source.services.get(name)?.state === 'running')
  if (names.length === 0)
    throw new OnituError('NO_SERVICE', `No running service may both read and write folder ${JSON.stringify(folder)}`)
  const files = names.map((service) => ({ service, fid }))
  const records = await readRecords(source.database, files, { timeout: DATABASE_TIMEOUT })
  const rank = (name: string, at: number) => (records[at] === undefined ? 2 : 0) + (sources.has(name) ? 0 : 1)
  const ranked = names.map((name, at) => ({ name, rank: rank(name, at) }))
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ name }) => name)
}

/** What one service cannot do now another one may. */
async function onFirst(services: readonly string[], restore: (service: string) => Promise<unknown>): Promise<string> {
  let last: unknown
  for (const service of services) {
    try {
      await restore(service)
      return service
    } catch (error) {
      if (!isOnituError(error)) throw error
      last = error
    }
  }
  throw last
}
