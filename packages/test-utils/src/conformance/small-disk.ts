import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import type { Fault } from './definition.ts'

/** Why no file system can be made that can be filled, or undefined. */
export function smallDiskProblem(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'only root can mount the small disk that is filled'
}

/** A file system of its own, of 24 MB. */
export interface SmallDisk {
  readonly path: string
  remove(): void
}

export function mountSmallDisk(): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'onitu-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path])
  return {
    path,
    remove() {
      execFileSync('umount', [path])
      rmdirSync(path)
    },
  }
}

const BLOCK = Buffer.alloc(64 * 1024)

/** For places that `directoryPlace` made on a small disk: fills it with a file beside the folder. */
export const fullDisk: Fault = {
  title: 'a full disk',
  code: 'ENOSPC',
  at: 'write',
  async begin({ path }) {
    const filler = join(dirname(path), 'filler')
    fill(filler)
    return { options: {}, end: async () => unlinkSync(filler) }
  },
}

/** For places on a small disk: nothing can be written to it. */
export function readOnlyDisk(disk: SmallDisk): Fault {
  const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, disk.path])
  return {
    title: 'a disk that cannot be written to',
    code: 'EROFS',
    at: 'write',
    async begin() {
      remount('ro')
      return { options: {}, end: async () => void remount('rw') }
    },
  }
}

function fill(path: string): void {
  writeFileSync(path, '')
  const file = openSync(path, 'a')
  try {
    for (;;) writeSync(file, BLOCK)
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}
