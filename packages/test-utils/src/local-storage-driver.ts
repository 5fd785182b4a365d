import { createHash, randomBytes } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import { Driver } from './driver.ts'
import type { Setup } from './setup.ts'

/** Folders on this machine, below the folder of the setup: `SETUP/SERVICE/FOLDER`. */
export class LocalStorageDriver extends Driver {
  readonly type: string = 'local-storage'
  #root = ''

  override connect(setup: Setup): void {
    this.#root = join(setup.folder, this.name)
  }

  override async close(): Promise<void> {}

  override async mkdir(path: string): Promise<void> {
    await mkdir(path, { recursive: true })
  }

  override async rmdir(path: string): Promise<void> {
    await rm(path, { recursive: true })
  }

  override async write(path: string, content: Uint8Array | string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }

  override generate(path: string, size: number): Promise<void> {
    return this.write(path, randomBytes(size))
  }

  override read(path: string): Promise<Uint8Array> {
    return readFile(path)
  }

  override async exists(path: string): Promise<boolean> {
    try {
      await access(path)
      return true
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false
      throw error
    }
  }

  override unlink(path: string): Promise<void> {
    return unlink(path)
  }

  override async rename(path: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true })
    await rename(path, to)
  }

  override async checksum(path: string): Promise<string> {
    return createHash('md5')
      .update(await readFile(path))
      .digest('hex')
  }

  protected override resolveFolder(folder: string, path: string | undefined): string {
    if (this.#root === '') throw new TypeError(`Add ${this.name} to a setup before asking for its paths`)
    return path === undefined ? join(this.#root, folder) : join(this.#root, path)
  }
}
