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
import type { Lane, Lanes } from '../connection/lanes.ts'
import type { Session } from '../connection/session.ts'
import { hasStatus, NO_SUCH_FILE } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { requirePath, TEMPORARY_DIRECTORY } from '../paths.ts'
import type { OpenMode } from '../protocol/packets.ts'
import { EarlyFlush } from './early-flush.ts'
import { guarded } from './guarded.ts'
import { missingParents, requireReplaceable, stateOf, unlinkIfThere } from './state.ts'
import { all, type Flow, FREE, readRange, writeRange } from './transfer.ts'
import { commit, finish, storedOf } from './write-file.ts'

interface Open {
  /** Kept until the upload is over: a handle belongs to the channel on which it was opened. */
  readonly lane: Lane
  readonly handle: Promise<Buffer>
}

/** A part that is open, and where. */
interface OpenPart {
  readonly session: Session
  readonly handle: Buffer
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
  readonly #early: EarlyFlush

  constructor(fsync: boolean, logger: DriverPlug['logger']) {
    this.#fsync = fsync
    this.#logger = logger
    this.#early = new EarlyFlush(logger)
  }

  start(lanes: Lanes, folder: Folder, metadata: Metadata, { token, signal }: WriteContext): Promise<void> {
    return this.#guarded(lanes, folder, metadata, async (part, session) => {
      signal.throwIfAborted()
      const [found] = await all([
        stateOf(session, folder, metadata.path),
        missingParents(session, folder, metadata.path),
      ])
      requireReplaceable(found, metadata.path, token)
      await this.#remove(lanes, part)
      await this.#openPart(lanes, part, 'new')
    })
  }

  restart(lanes: Lanes, folder: Folder, metadata: Metadata, offset: number): Promise<number> {
    return this.#guarded(lanes, folder, metadata, async (part) => {
      // By its name: a handle that is open already also writes to what somebody has removed, and so for ever.
      await this.#forget(lanes, part)
      const { session, handle } = await this.#part(lanes, part, metadata)
      const { size } = await session.fstat(handle)
      this.#resumed.add(part)
      return Math.min(offset, size)
    })
  }

  chunk(
    lanes: Lanes,
    folder: Folder,
    metadata: Metadata,
    offset: number,
    chunk: Uint8Array,
    flow: Flow = FREE,
  ): Promise<void> {
    return this.#guarded(lanes, folder, metadata, async (part) => {
      const { session, handle } = await this.#part(lanes, part, metadata)
      await writeRange(session, handle, chunk, offset, flow)
      if (this.#fsync) this.#early.wrote(lanes, session, part, chunk.byteLength)
    })
  }

  /** `flow`: of what is read back. */
  end(
    lanes: Lanes,
    folder: Folder,
    metadata: Metadata,
    { token, signal }: WriteContext,
    flow: Flow = FREE,
  ): Promise<Stored> {
    return this.#guarded(lanes, folder, metadata, async (part) => {
      signal.throwIfAborted()
      const { session, handle } = await this.#part(lanes, part, metadata)
      const found = await session.fstat(handle)
      requireWhole(found.size, metadata)
      if (this.#resumed.has(part)) await this.#requireUndamaged(lanes, { session, handle }, part, metadata, flow)
      const state = await finish(session, handle, metadata, { replaced: token, fsync: this.#fsync })
      signal.throwIfAborted()
      await commit({ session, folder, path: metadata.path, temporary: part, state, token })
      await this.#forget(lanes, part)
      return storedOf(state)
    })
  }

  abort(lanes: Lanes, folder: Folder, metadata: Metadata): Promise<void> {
    return this.#guarded(lanes, folder, metadata, (part) => this.#remove(lanes, part))
  }

  async #requireUndamaged(
    lanes: Lanes,
    { session, handle }: OpenPart,
    part: string,
    { path, size, hash }: Metadata,
    flow: Flow,
  ): Promise<void> {
    if ((await hashOf(session, handle, size, flow)) === hash) return
    await this.#remove(lanes, part)
    throw new ServiceError(
      'DAMAGED',
      `What the server has of "${path}" since before a crash is damaged; it is sent again`,
    )
  }

  /** Opened again after a crash or on a new connection. */
  async #part(lanes: Lanes, part: string, { path }: Metadata): Promise<OpenPart> {
    const known = this.#known(lanes, part)
    if (known !== undefined) return { session: known.lane.session, handle: await known.handle }
    this.#resumed.add(part)
    try {
      return await this.#openPart(lanes, part, 'both')
    } catch (error) {
      if (!hasStatus(error, NO_SUCH_FILE)) throw error
      throw new ServiceError('UPLOAD_GONE', `Nothing is left of the upload of "${path}"; start it again`)
    }
  }

  async #openPart(lanes: Lanes, part: string, mode: OpenMode): Promise<OpenPart> {
    const lane = lanes.take()
    const handle = lane.session.open(part, mode)
    const open = { lane, handle }
    this.#open.get(part)?.lane.release()
    this.#open.set(part, open)
    try {
      return { session: lane.session, handle: await handle }
    } catch (error) {
      lane.release()
      if (this.#open.get(part) === open) this.#open.delete(part)
      throw error
    }
  }

  /** What was opened on this connection. */
  #known(lanes: Lanes, part: string): Open | undefined {
    const open = this.#open.get(part)
    return open?.lane.session.link === lanes.first.link ? open : undefined
  }

  async #remove(lanes: Lanes, part: string): Promise<void> {
    await this.#forget(lanes, part)
    await unlinkIfThere(lanes.first, part)
  }

  async #forget(lanes: Lanes, part: string): Promise<void> {
    const open = this.#known(lanes, part)
    this.#open.get(part)?.lane.release()
    this.#open.delete(part)
    this.#resumed.delete(part)
    this.#early.forget(part)
    if (open === undefined) return
    const [result] = await Promise.allSettled([open.handle.then((handle) => open.lane.session.close(handle))])
    if (result.status === 'rejected') this.#logger.debug({ err: result.reason }, `Could not close ${part}`)
  }

  #guarded<R>(
    lanes: Lanes,
    folder: Folder,
    metadata: Metadata,
    work: (part: string, session: Session) => Promise<R>,
  ): Promise<R> {
    const { path } = metadata
    return guarded(lanes.first, folder, `Writing "${path}"`, async () => {
      requirePath(path)
      return work(partPath(folder, metadata), lanes.first)
    })
  }
}

function requireWhole(found: number, { path, size }: Metadata): void {
  if (found !== size) throw new ServiceError('INCOMPLETE', `"${path}" has ${found} of ${size} bytes`)
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
