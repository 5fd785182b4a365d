import { createHash } from 'node:crypto'
import {
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import type { KeptContent, Stored } from '@onitu/plug'
import { HASH_BLOCK_SIZE, stagedBy } from '@onitu/protocol'
import { Failure, isAbsent, systemFailure } from '../failure.ts'
import type { Target } from '../messages.ts'
import { CONTROL_DIRECTORY, split, TEMPORARY_DIRECTORY } from '../paths.ts'
import { commit, requireState } from './commit.ts'
import { CopySources } from './copy-sources.ts'
import { DirectWrites } from './direct-writes.ts'
import { EarlyFlush } from './early-flush.ts'
import type { Folder } from './folder.ts'
import { hashLargeFile } from './hash-file.ts'
import { isLeftBehind } from './left-behind.ts'
import { OpenFiles } from './open-files.ts'
import { Parents, requireFolder, requireRoot } from './parents.ts'
import { create, finish, flushData, writeAll } from './write-file.ts'

export interface UploadsOptions {
  readonly folders: ReadonlyMap<string, Folder>
  readonly aside: Set<string>
  readonly fsync: boolean
}

const SUFFIX = '.part'
const FID_LENGTH = 36

/**
 * Uploads by chunk, written aside as FID-VERSION.part, so that they are found again after a crash without any record. Every other write of
 * the same file removes them; what nobody comes back for is removed after a day.
 */
export class Uploads {
  readonly #options: UploadsOptions
  readonly #open = new OpenFiles()
  readonly #sources = new CopySources()
  readonly #early = new EarlyFlush()
  readonly #direct = new DirectWrites()
  /** Begun by an earlier process: the content is verified before it takes its name, for the system may have lost parts of it. */
  readonly #resumed = new Set<string>()
  /** File ids with an upload that an earlier process began. */
  readonly #leftovers = new Set<string>()

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  start(target: Target, token: string | null): void {
    this.#guard(target, () => {
      const folder = requireRoot(this.#options.folders, target.folder)
      new Parents().resolve(folder, target.path, false)
      requireState(folder, target.path, token)
      this.forget(target)
      const path = temporaryPath(folder, target)
      const make = () => create(path)
      this.#open.get(path, () => folder.history.withRoom(() => target.size, make))
    })
  }

  restart(target: Target, offset: number): number {
    return this.#guard(target, () => {
      const folder = requireRoot(this.#options.folders, target.folder)
      const path = temporaryPath(folder, target)
      const fd = this.#fd(path, target)
      const resume = Math.min(offset, fstatSync(fd).size)
      ftruncateSync(fd, resume)
      this.#resumed.add(path)
      return resume
    })
  }

  chunk(target: Target, offset: number, chunk: Uint8Array): void {
    this.#guard(target, () => {
      const folder = requireFolder(this.#options.folders, target.folder)
      const path = temporaryPath(folder, target)
      const fd = this.#fd(path, target)
      const after = target.size - offset - chunk.byteLength
      const done = this.#options.fsync ? this.#writeDirectly(folder, path, target.size, chunk, offset) : 0
      if (done === chunk.byteLength) return
      writeAll(fd, chunk.subarray(done), offset + done, folder.history, after)
      if (this.#options.fsync) this.#early.wrote(path, chunk.byteLength - done)
    })
  }

  /** As `chunk`, from a file of another service on this machine. Gives the digests of the blocks that were written. */
  copy(target: Target, from: string, offset: number, size: number): Uint8Array {
    const key = temporaryPath(requireFolder(this.#options.folders, target.folder), target)
    const digests: Uint8Array[] = []
    for (let at = offset; at < offset + size; at += HASH_BLOCK_SIZE) {
      const block = this.#sources.read(key, from, target.size, at, Math.min(HASH_BLOCK_SIZE, offset + size - at))
      this.chunk(target, at, block)
      digests.push(createHash('sha256').update(block).digest())
    }
    return Uint8Array.from(Buffer.concat(digests))
  }

  /** Where others write what will be uploaded. */
  staging(name: string): string {
    const folder = requireRoot(this.#options.folders, name)
    this.#cleanFolder(folder, Date.now())
    return temporaryDirectory(folder)
  }

  /** Instead of all chunks: takes a file from the staging directory. */
  adopt(target: Target, from: string): void {
    this.#guard(target, () => {
      const folder = requireRoot(this.#options.folders, target.folder)
      requireStaged(folder, from, target.size)
      const path = temporaryPath(folder, target)
      this.#remove(path)
      renameSync(from, path)
    })
  }

  async end(target: Target, token: string | null, replaced: KeptContent | undefined): Promise<Stored> {
    try {
      return await this.#end(target, token, replaced)
    } catch (error) {
      throw systemFailure(error, `Writing "${target.path}"`)
    }
  }

  abort(target: Target): void {
    const folder = requireFolder(this.#options.folders, target.folder)
    this.#remove(temporaryPath(folder, target))
  }

  /** Another write of this file begins: what an earlier process left of an upload will not be gone on with. */
  supersede(target: Pick<Target, 'folder' | 'fid'>): void {
    if (this.#leftovers.size > 0 && this.#leftovers.delete(target.fid)) this.forget(target)
  }

  /** Removes what is left of uploads of this file, of whatever version. */
  forget(target: Pick<Target, 'folder' | 'fid'>): void {
    const folder = requireFolder(this.#options.folders, target.folder)
    for (const name of temporaries(folder)) {
      if (name.startsWith(`${target.fid}-`)) this.#remove(`${temporaryDirectory(folder)}/${name}`)
    }
  }

  /** At start and now and then: removes what no one will go on with. */
  clean(now: number): void {
    for (const folder of this.#options.folders.values()) if (folder.root !== undefined) this.#cleanFolder(folder, now)
  }

  close(): void {
    this.#open.closeAll()
    this.#direct.close()
    this.#sources.close()
  }

  async #end(target: Target, token: string | null, replaced: KeptContent | undefined): Promise<Stored> {
    const folder = requireRoot(this.#options.folders, target.folder)
    const path = temporaryPath(folder, target)
    const fd = this.#fd(path, target)
    const { size } = fstatSync(fd)
    if (size !== target.size)
      throw new Failure('service', 'INCOMPLETE', `"${target.path}" has ${size} of ${target.size} bytes`)
    const stored = finish(fd, target, requireState(folder, target.path, token))
    if (this.#resumed.has(path)) await this.#verify(path, target, stored.token)
    if (this.#options.fsync) await flushData(this.#fd(path, target))
    requireRoot(this.#options.folders, target.folder)
    new Parents().resolve(folder, target.path, true)
    const { aside } = this.#options
    const final = commit({ folder, path: target.path, temporary: path, token, replaced, aside }) ?? stored
    folder.wrote(target.path, final.token)
    this.#open.close(path)
    this.#direct.forget(path)
    this.#sources.forget(path)
    this.#early.forget(path)
    this.#resumed.delete(path)
    return final
  }

  async #verify(path: string, target: Target, token: string): Promise<void> {
    const hashed = await hashLargeFile(path, token, target.size)
    if (hashed !== 'changed' && hashed.hash === target.hash) return
    this.#remove(path)
    throw new Failure(
      'service',
      'DAMAGED',
      `What was written of "${target.path}" before a crash is damaged; it is fetched again`,
    )
  }

  #cleanFolder(folder: Folder, now: number): void {
    for (const name of temporaries(folder)) {
      const path = `${temporaryDirectory(folder)}/${name}`
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat !== undefined && isLeftBehind(name, now - stat.ctimeMs)) this.#remove(path)
      else if (name.endsWith(SUFFIX)) this.#leftovers.add(name.slice(0, FID_LENGTH))
    }
  }

  #fd(path: string, target: Target): number {
    return this.#open.get(path, () => {
      try {
        return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
      } catch (error) {
        if (!isAbsent(error)) throw error
        throw new Failure('service', 'UPLOAD_GONE', `Nothing is left of the upload of "${target.path}"; start it again`)
      }
    })
  }

  #writeDirectly({ history }: Folder, path: string, size: number, chunk: Uint8Array, offset: number): number {
    const write = () => this.#direct.write(path, size, chunk, offset)
    return history.withRoom(() => size - offset, write)
  }

  #remove(path: string): void {
    this.#open.close(path)
    this.#direct.forget(path)
    this.#sources.forget(path)
    this.#early.forget(path)
    this.#resumed.delete(path)
    rmSync(path, { force: true })
  }

  #guard<R>(target: Target, work: () => R): R {
    try {
      return work()
    } catch (error) {
      throw systemFailure(error, `Writing "${target.path}"`)
    }
  }
}

function temporaryDirectory(folder: Folder): string {
  return `${folder.path}/${CONTROL_DIRECTORY}/${TEMPORARY_DIRECTORY}`
}

function temporaryPath(folder: Folder, { fid, version }: Pick<Target, 'fid' | 'version'>): string {
  if (!/^[0-9a-f-]{36}$/.test(fid))
    throw new Failure('driver', 'INVALID_FID', `Expected a file id, got ${JSON.stringify(fid)}`)
  return `${temporaryDirectory(folder)}/${fid}-${version}${SUFFIX}`
}

function temporaries(folder: Folder): string[] {
  try {
    return readdirSync(temporaryDirectory(folder))
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

/** @throws Failure `changed` where it is no file that was staged for this folder */
function requireStaged(folder: Folder, from: string, size: number): void {
  const { directory, name } = split(from)
  const isOurs = directory === temporaryDirectory(folder) && stagedBy(name) !== undefined
  const stat = isOurs ? lstatSync(from, { throwIfNoEntry: false }) : undefined
  if (stat?.isFile() === true && stat.nlink === 1 && stat.size === size) return
  throw new Failure('changed', 'CHANGED', `${JSON.stringify(from)} is no file of ${size} bytes that was staged here`)
}
