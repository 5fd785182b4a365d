import { contentHash, type Head, isOnituError, OnituError } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { ChangedError, ServiceError } from '../errors.ts'
import type { ContentProvider } from './answer-content.ts'
import type { LocalContent } from './local-content.ts'
import { orderSources, type Peers, type Source } from './source.ts'
import type { LocalFile } from './spool.ts'

export interface Fetcher {
  readonly engine: Engine
  readonly peers: Peers
  /** This service itself can be a source: it may hold the content under another path. */
  readonly local: ContentProvider
}

/**
 * Tries a task with one source after the other, the best first. A source that fails is left for the next; when
 * `check` throws (the task is given up), or the failure is not the source's, no other is tried.
 */
export async function withSources<T>(
  { engine, peers }: Fetcher,
  head: Head,
  sources: readonly Source[],
  check: () => void,
  attempt: (source: Source) => Promise<T>,
): Promise<T> {
  let last: unknown
  for (const source of orderSources(sources, (service) => peers.active(service))) {
    check()
    engine.emit({
      type: 'source_selected',
      service: engine.service,
      folder: head.folder,
      path: head.path,
      source: source.service,
    })
    try {
      return await attempt(source)
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error
      last = error.cause
    }
  }
  check()
  if (last !== undefined) throw asRetryable(last)
  throw new ServiceError(
    'NO_SOURCE',
    `No service that can be reached holds ${JSON.stringify(head.path)} in this version`,
  )
}

/** Marks a failure as one of the source, not of the service that receives. */
class SourceFailure extends Error {
  constructor(cause: unknown) {
    super('The source failed', { cause })
  }
}

async function fromSource<T>(request: Promise<T>): Promise<T> {
  try {
    return await request
  } catch (error) {
    throw new SourceFailure(error)
  }
}

/** A whole content, proven by its hash. */
export async function fetchWhole({ engine, peers, local }: Fetcher, head: Head, source: Source): Promise<Uint8Array> {
  const wanted = { fid: source.fid, hash: head.hash }
  const content = await fromSource(
    source.service === engine.service ? local.file(wanted) : peers.file(source.service, wanted, head.size),
  )
  if (content.byteLength !== head.size || contentHash(content) !== head.hash)
    throw new SourceFailure(mismatch(head, source))
  return content
}

export async function fetchChunk(
  { engine, peers, local }: Fetcher,
  head: Head,
  source: Source,
  offset: number,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const wanted = { fid: source.fid, hash: head.hash }
  const chunk = await fromSource(
    source.service === engine.service
      ? local.chunk(wanted, offset, size)
      : peers.chunk(source.service, wanted, offset, size, signal),
  )
  if (chunk.byteLength === size) return chunk
  throw new SourceFailure(
    new ServiceError('PROTOCOL', `${source.service} gave ${chunk.byteLength} bytes of ${head.path}, expected ${size}`),
  )
}

/** The file of this machine that holds the content, where the source has it there. */
export async function findLocal(
  { engine, peers }: Fetcher,
  head: Head,
  { service, fid }: Source,
): Promise<LocalFile | undefined> {
  if (service === engine.service || peers.path === undefined) return undefined
  return fromSource(peers.path(service, { fid, hash: head.hash }))
}

export async function readLocal(
  local: LocalContent,
  head: Head,
  { service }: Source,
  offset: number,
  target: Uint8Array,
): Promise<Uint8Array> {
  const chunk = await fromSource(local.read(offset, target))
  if (chunk.byteLength === target.byteLength) return chunk
  throw new SourceFailure(new ChangedError(`${service} has changed ${JSON.stringify(head.path)} while it was read`))
}

export function mismatch(head: Head, source: Source): ServiceError {
  return new ServiceError(
    'HASH_MISMATCH',
    `What ${source.service} gave as ${JSON.stringify(head.path)} is not its content`,
  )
}

/** Whatever is wrong with the sources now can be different later. */
function asRetryable(error: unknown): OnituError {
  if (!isOnituError(error)) return new ServiceError('SOURCE_FAILED', String(error), { cause: error })
  if (error.retryable) return error
  return new OnituError(error.code, error.message, { cause: error, retryable: true, details: error.details })
}
