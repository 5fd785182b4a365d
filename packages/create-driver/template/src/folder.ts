import { chmod, link, mkdir, open, rename, rm, rmdir, unlink, utimes } from 'node:fs/promises'
import {
  ChangedError,
  ConflictError,
  checkPath,
  DriverError,
  type Metadata,
  ServiceError,
  type ServiceFolder,
  type Stored,
  systemCode,
} from '@onitu/plug'
import { acceptRoot, TEMPORARY } from './root.ts'
import { describe, requireReplaceable, requireWanted, type State, stateOf, storedOf } from './state.ts'

/**
 * One folder in the service. Here that is a directory of this machine: replace what is in these methods by calls of your service, and keep what they
 * promise: what has another token is never read, replaced or deleted, and a final name holds the old or the new content at every moment.
 */
export class Folder {
  readonly name: string
  readonly root: string
  readonly #place: ServiceFolder
  #known: boolean

  constructor(place: ServiceFolder) {
    this.#place = place
    this.#known = place.known
    this.name = place.name
    this.root = place.path
  }

  absolute(path: string): string {
    return `${this.root}/${checkPath(path)}`
  }

  /** @throws ServiceError while this is not the folder that it was: nothing is written, and nothing counts as deleted */
  async require(): Promise<void> {
    const problem = await acceptRoot(this.#place, this.#known)
    if (problem !== undefined) throw new ServiceError('UNAVAILABLE', problem)
    this.#known = true
  }

  async read(path: string, offset: number, size: number, token: string): Promise<Uint8Array> {
    requireWanted(await this.#stateOf(path), path, token)
    const file = await open(this.absolute(path), 'r')
    try {
      requireWanted(describe(await file.stat({ bigint: true })), path, token)
      const content = Buffer.alloc(size)
      const { bytesRead } = size === 0 ? { bytesRead: 0 } : await file.read(content, 0, size, offset)
      // Once more: what was read in between may be a mixture.
      requireWanted(describe(await file.stat({ bigint: true })), path, token)
      return content.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  async startUpload(file: Metadata, token: string | null): Promise<null> {
    await this.require()
    requireReplaceable(await this.#stateOf(file.path), file.path, token)
    await this.abortUpload(file)
    const part = await open(this.#part(file), 'wx')
    await part.close()
    // Whatever is returned here is kept with the upload; the name of the part follows from the file, so there is nothing to keep.
    return null
  }

  async restartUpload(file: Metadata, offset: number): Promise<number> {
    const part = await stateOf(this.#part(file))
    if (part === undefined) throw new ServiceError('UPLOAD_GONE', `Nothing is left of the upload of "${file.path}"`)
    return Math.min(offset, part.size)
  }

  async writeChunk(file: Metadata, offset: number, chunk: Uint8Array): Promise<void> {
    const part = await open(this.#part(file), 'r+')
    try {
      await part.write(chunk, 0, chunk.byteLength, offset)
    } finally {
      await part.close()
    }
  }

  async endUpload(file: Metadata, token: string | null): Promise<Stored> {
    await this.require()
    const before = await this.#stateOf(file.path)
    requireReplaceable(before, file.path, token)
    const part = this.#part(file)
    await flush(part)
    const stored = await finish(part, file, before)
    await this.#makeParents(file.path)
    await place(part, this.absolute(file.path), token === null)
    return stored
  }

  async abortUpload(file: Metadata): Promise<void> {
    await rm(this.#part(file), { force: true })
  }

  async delete(path: string, token: string): Promise<void> {
    await this.require()
    const state = await this.#stateOf(path)
    if (state === undefined) return
    requireReplaceable(state, path, token)
    if (state.kind === 'directory') await removeDirectory(this.absolute(path))
    else await unlink(this.absolute(path))
  }

  async move(path: string, target: Folder, to: string, token: string): Promise<Stored> {
    await this.require()
    await target.require()
    const state = requireWanted(await this.#stateOf(path), path, token)
    requireReplaceable(await target.#stateOf(to), to, null)
    await target.#makeParents(to)
    await place(this.absolute(path), target.absolute(to), state.kind === 'file')
    return storedOf(state)
  }

  async setAttributes(file: Metadata, token: string): Promise<Stored> {
    await this.require()
    const state = requireWanted(await this.#stateOf(file.path), file.path, token)
    return setAttributes(this.absolute(file.path), file, state)
  }

  async makeDirectory(path: string): Promise<Stored> {
    await this.require()
    await this.#makeParents(`${path}/inside`)
    return storedOf(requirePresent(await this.#stateOf(path), path))
  }

  /** Links are not followed, neither at a path nor above it: they may lead anywhere. */
  async #stateOf(path: string): Promise<State | undefined> {
    const absolute = this.absolute(path)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const above = await stateOf(this.absolute(path.slice(0, at)))
      if (above === undefined) return undefined
      if (above.kind !== 'directory') throw new ConflictError(`"${path.slice(0, at)}" is not a directory`)
    }
    return stateOf(absolute)
  }

  async #makeParents(path: string): Promise<void> {
    const at = path.lastIndexOf('/')
    if (at < 0) return
    await this.#stateOf(path)
    await mkdir(this.absolute(path.slice(0, at)), { recursive: true })
  }

  #part({ fid, version }: Metadata): string {
    return `${this.root}/${TEMPORARY}/${fid}-${version}`
  }
}

async function finish(part: string, file: Metadata, before: State | undefined): Promise<Stored> {
  const state = requirePresent(await stateOf(part), file.path)
  if (state.size !== file.size) {
    throw new ServiceError('INCOMPLETE', `"${file.path}" has ${state.size} of ${file.size} bytes`)
  }
  return setAttributes(part, { ...file, mode: file.mode ?? before?.mode ?? null }, state)
}

/** On the disk before it takes its name: after a power cut there would be an empty file else. */
async function flush(part: string): Promise<void> {
  const file = await open(part, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function setAttributes(absolute: string, { path, mtime, mode }: Metadata, state: State): Promise<Stored> {
  if (mode !== null) await chmod(absolute, mode)
  // As a text: Node takes a negative number for "now". Half a microsecond more, because it is cut.
  if (mtime !== null && state.kind === 'file') await utimes(absolute, ...both(String((mtime + 0.0005) / 1000)))
  return storedOf(requirePresent(await stateOf(absolute), path))
}

function both(time: string): [string, string] {
  return [time, time]
}

/** `link` fails where something is, so nothing that appeared meanwhile is overwritten. */
async function place(from: string, to: string, mustBeNew: boolean): Promise<void> {
  if (!mustBeNew) return rename(from, to)
  try {
    await link(from, to)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new ConflictError(`${to} exists and is left as it is`)
    throw error
  }
  await unlink(from)
}

async function removeDirectory(absolute: string): Promise<void> {
  try {
    await rmdir(absolute)
  } catch (error) {
    if (systemCode(error) !== 'ENOTEMPTY') throw error
    throw new DriverError('NOT_EMPTY', `The directory ${absolute} is not empty`)
  }
}

function requirePresent(state: State | undefined, path: string): State {
  if (state !== undefined) return state
  throw new ChangedError(`"${path}" is gone`)
}
