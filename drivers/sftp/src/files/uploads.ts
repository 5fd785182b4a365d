import {
  ContentHash,
  DriverError,
  type DriverPlug,
  HASH_BLOCK_SIZE,
  type Metadata,
  ServiceError,
  type Stored,
  type WriteContext,
} from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { hasStatus, NO_SUCH_FILE } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { requirePath, TEMPORARY_DIRECTORY } from '../paths.ts'
import { guarded } from './guarded.ts'
import { missingParents, requireReplaceable, stateOf, unlinkIfThere } from './state.ts'
import { all, type Flow, FREE, readRange, writeRange } from './transfer.ts'
import { commit, finish, storedOf } from './write-file.ts'

interface Open {
  readonly session: Session
  readonly handle: Promise<Buffer>
}

/**
 * Uploads by chunk, written aside as FID-VERSION.part, so that they are found again after a crash or a lost connection without any record.
 * What was begun on an earlier connection is verified before it takes its name: the server may have lost some of it.
 */
export class Uploads {
  readonly #fsync: boolean
  readonly #logger: DriverPlug['logger']
  readonly #open = new Map<string, Open>()
  readonly #resumed = new Set<string>()

  constructor(fsync: boolean, logger: DriverPlug['logger']) {
    this.#fsync = fsync
    this.#logger = logger
  }

  start(session: Session, folder: Folder, metadata: Metadata, { token, signal }: WriteContext): Promise<void> {
    return this.#guarded(session, folder, metadata, async (part) => {
      signal.throwIfAborted()
      const [found] = await all([
        stateOf(session, folder, metadata.path),
        missingParents(session, folder, metadata.path),
      ])
      requireReplaceable(found, metadata.path, token)
      await this.#remove(session, part)
      const handle = session.open(part, 'new')
      this.#open.set(part, { session, handle })
      await handle
    })
  }

  restart(session: Session, folder: Folder, metadata: Metadata, offset: number): Promise<number> {
    return this.#guarded(session, folder, metadata, async (part) => {
      // By its name: a handle that is open already also writes to what somebody has removed, and so for ever.
      await this.#forget(session, part)
      const { size } = await session.fstat(await this.#handle(session, part, metadata))
      this.#resumed.add(part)
      return Math.min(offset, size)
    })
  }

  chunk(
    session: Session,
    folder: Folder,
    metadata: Metadata,
    offset: number,
    chunk: Uint8Array,
    flow: Flow = FREE,
  ): Promise<void> {
    return this.#guarded(session, folder, metadata, async (part) =>
      writeRange(session, await this.#handle(session, part, metadata), chunk, offset, flow),
    )
  }

  /** `flow`: of what is read back. */
  end(
    session: Session,
    folder: Folder,
    metadata: Metadata,
    { token, signal }: WriteContext,
    flow: Flow = FREE,
  ): Promise<Stored> {
    return this.#guarded(session, folder, metadata, async (part) => {
      signal.throwIfAborted()
      const handle = await this.#handle(session, part, metadata)
      await this.#requireComplete(session, handle, part, metadata, flow)
      const state = await finish(session, handle, metadata, { replaced: token, fsync: this.#fsync })
      signal.throwIfAborted()
      await commit({ session, folder, path: metadata.path, temporary: part, token })
      await this.#forget(session, part)
      return storedOf(state)
    })
  }

  abort(session: Session, folder: Folder, metadata: Metadata): Promise<void> {
    return this.#guarded(session, folder, metadata, (part) => this.#remove(session, part))
  }

  async #requireComplete(
    session: Session,
    handle: Buffer,
    part: string,
    { path, size, hash }: Metadata,
    flow: Flow,
  ): Promise<void> {
    const found = await session.fstat(handle)
    if (found.size !== size) throw new ServiceError('INCOMPLETE', `"${path}" has ${found.size} of ${size} bytes`)
    if (!this.#resumed.has(part) || (await hashOf(session, handle, size, flow)) === hash) return
    await this.#remove(session, part)
    throw new ServiceError(
      'DAMAGED',
      `What the server has of "${path}" since before a crash is damaged; it is sent again`,
    )
  }

  /** The handle of an upload, opened again after a crash or on a new connection. */
  async #handle(session: Session, part: string, { path }: Metadata): Promise<Buffer> {
    const known = this.#open.get(part)
    if (known?.session === session) return known.handle
    const handle = session.open(part, 'both')
    this.#open.set(part, { session, handle })
    this.#resumed.add(part)
    try {
      return await handle
    } catch (error) {
      this.#open.delete(part)
      if (!hasStatus(error, NO_SUCH_FILE)) throw error
      throw new ServiceError('UPLOAD_GONE', `Nothing is left of the upload of "${path}"; start it again`)
    }
  }

  async #remove(session: Session, part: string): Promise<void> {
    await this.#forget(session, part)
    await unlinkIfThere(session, part)
  }

  async #forget(session: Session, part: string): Promise<void> {
    const open = this.#open.get(part)
    this.#open.delete(part)
    this.#resumed.delete(part)
    if (open === undefined || open.session !== session) return
    const [result] = await Promise.allSettled([open.handle.then((handle) => session.close(handle))])
    if (result.status === 'rejected') this.#logger.debug({ err: result.reason }, `Could not close ${part}`)
  }

  #guarded<R>(session: Session, folder: Folder, metadata: Metadata, work: (part: string) => Promise<R>): Promise<R> {
    const { path } = metadata
    return guarded(session, folder, `Writing "${path}"`, async () => {
      requirePath(path)
      return work(partPath(folder, metadata))
    })
  }
}

function partPath(folder: Folder, { fid, version }: Metadata): string {
  if (!/^[0-9a-f-]{36}$/.test(fid))
    throw new DriverError('INVALID_FID', `Expected a file id, got ${JSON.stringify(fid)}`)
  return folder.absolute(`${TEMPORARY_DIRECTORY}/${fid}-${version}.part`)
}

async function hashOf(session: Session, handle: Buffer, size: number, flow: Flow): Promise<string> {
  const hash = new ContentHash()
  while (hash.size < size) {
    const block = await readRange(session, handle, hash.size, Math.min(HASH_BLOCK_SIZE, size - hash.size), flow)
    if (block.byteLength === 0) break
    hash.update(block)
  }
  return hash.digest()
}
