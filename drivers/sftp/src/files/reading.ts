import { ChangedError, type ChunkContext, type Metadata } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import type { Folder } from '../folder.ts'
import { requirePath } from '../paths.ts'
import { guarded } from './guarded.ts'
import { requireParents, requireWanted, stateOf } from './state.ts'
import { all, type Flow, FREE, readOnce, readRange } from './transfer.ts'

type Place = Pick<Metadata, 'path'>

interface Range {
  readonly offset: number
  readonly size: number
  readonly into: Uint8Array | undefined
}

/** `size` bytes at `offset` of a file in the state that is wanted, never a mixture. */
export function readFile(
  session: Session,
  folder: Folder,
  { path }: Place,
  offset: number,
  size: number,
  { token, signal, into }: ChunkContext,
  flow: Flow = FREE,
): Promise<Uint8Array> {
  return guarded(session, folder, `Reading "${path}"`, async () => {
    signal.throwIfAborted()
    requirePath(path)
    if (size === 0) return readNothing(session, folder, path, token)
    const absolute = folder.absolute(path)
    const looks = all([stateOf(session, folder, path), requireParents(session, folder, path)])
    const [[found], content] = await all([looks, read(session, absolute, path, { offset, size, into }, token, flow)])
    requireWanted(found, path, token)
    return content
  })
}

async function readNothing(session: Session, folder: Folder, path: string, token: string): Promise<Uint8Array> {
  const [found] = await all([stateOf(session, folder, path), requireParents(session, folder, path)])
  requireWanted(found, path, token)
  return new Uint8Array()
}

/**
 * Looked at after all was read: what had changed before or meanwhile has another time then. Not asked for together with the content: there are servers that read at several
 * places at once and look meanwhile. The closing goes with the look, which over a long way is one way less for each chunk.
 */
async function read(
  session: Session,
  absolute: string,
  path: string,
  { offset, size, into }: Range,
  token: string,
  flow: Flow,
): Promise<Uint8Array> {
  const { content, found } = await readOnce(session, absolute, (handle) =>
    readRange(session, handle, offset, size, flow, into),
  )
  const state = requireWanted(found, path, token)
  const expected = Math.max(0, Math.min(size, state.size - offset))
  if (content.byteLength === expected) return content
  throw new ChangedError(`"${path}" gave ${content.byteLength} bytes at ${offset}, expected ${expected}`)
}
