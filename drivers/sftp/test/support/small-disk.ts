import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own that can be filled. Only root may mount one. */
export function smallDiskProblem(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'only root can mount the small disk that is filled'
}

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
