import type { Session } from '../connection/session.ts'
import type { OpenMode, SftpAttributes } from '../protocol/packets.ts'

/** What is done before a piece goes, which may wait for a limit, and after it was answered. */
export interface Flow {
  before(bytes: number): Promise<void> | undefined
  after(): void
}

export const FREE: Flow = { before: () => undefined, after: () => undefined }

/** Reads up to `size` bytes, by many requests at once, `into` a buffer of that size if there is one. Shorter only at the end of the file. */
export async function readRange(
  session: Session,
  handle: Buffer,
  offset: number,
  size: number,
  flow: Flow = FREE,
  into?: Uint8Array,
): Promise<Buffer> {
  const content =
    into === undefined ? Buffer.allocUnsafe(size) : Buffer.from(into.buffer, into.byteOffset, into.byteLength)
  const { pieceSize } = session
  const pieces = ranges(size, pieceSize).map(async ({ start, end }) => {
    const wait = flow.before(end - start)
    if (wait !== undefined) await wait
    const count = await readPiece(session, handle, content.subarray(start, end), offset + start)
    flow.after()
    return start + count
  })
  const ends = await all(pieces)
  const short = ends.findIndex((end, index) => end < Math.min(size, (index + 1) * pieceSize))
  return short < 0 ? content : content.subarray(0, ends[short])
}

/** Servers may give less than was asked for. */
async function readPiece(session: Session, handle: Buffer, target: Buffer, position: number): Promise<number> {
  let done = 0
  while (done < target.byteLength) {
    const count = await session.read(handle, target.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** Writes a content, by many requests at once. */
export async function writeRange(
  session: Session,
  handle: Buffer,
  content: Uint8Array,
  offset: number,
  flow: Flow = FREE,
): Promise<void> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const pieces = ranges(bytes.byteLength, session.pieceSize).map(async ({ start, end }) => {
    const wait = flow.before(end - start)
    if (wait !== undefined) await wait
    await session.write(handle, bytes.subarray(start, end), offset + start)
    flow.after()
  })
  await all(pieces)
}

function ranges(size: number, pieceSize: number): { readonly start: number; readonly end: number }[] {
  return Array.from({ length: Math.ceil(size / pieceSize) }, (_, index) => ({
    start: index * pieceSize,
    end: Math.min(size, (index + 1) * pieceSize),
  }))
}

/** Waits for all, also after one has failed, so that nothing goes on in the background; then fails as the first did. */
export function all<T extends readonly unknown[]>(
  promises: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>
export function all(promises: readonly unknown[]): Promise<unknown[]> {
  return Promise.all(promises).catch(async () => {
    await Promise.allSettled(promises)
    return Promise.all(promises)
  })
}

/** Opens, and closes whatever happens. */
export async function withHandle<T>(
  session: Session,
  path: string,
  mode: OpenMode,
  work: (handle: Buffer) => Promise<T>,
): Promise<T> {
  const handle = await session.open(path, mode)
  try {
    return await work(handle)
  } finally {
    if (session.isAlive) await session.close(handle)
  }
}

/**
 * Writes a new file of which all is known: with all requests of `work`, which are made at once, and the closing behind them in one round trip. A
 * server takes what concerns one file in order.
 */
export async function writeOnce<T>(session: Session, path: string, work: (handle: Buffer) => Promise<T>): Promise<T> {
  const handle = await session.open(path, 'new')
  const [result] = await all([work(handle), session.close(handle)])
  return result
}

/** Reads what is wanted of a file, and then looks at it; the closing goes with the look. */
export async function readOnce<T>(
  session: Session,
  path: string,
  work: (handle: Buffer) => Promise<T>,
): Promise<{ readonly content: T; readonly found: SftpAttributes }> {
  const handle = await session.open(path, 'read')
  let content: T
  try {
    content = await work(handle)
  } catch (error) {
    if (session.isAlive) await session.close(handle)
    throw error
  }
  const [found] = await all([session.fstat(handle), session.close(handle)])
  return { content, found }
}

/** A small file; at most `limit` bytes of it. */
export function readWhole(session: Session, path: string, limit: number): Promise<Buffer> {
  return withHandle(session, path, 'read', (handle) => readRange(session, handle, 0, limit))
}

/** A small file that must not be there yet. */
export function writeNew(session: Session, path: string, content: Buffer): Promise<void> {
  return withHandle(session, path, 'new', (handle) => writeRange(session, handle, content, 0))
}
