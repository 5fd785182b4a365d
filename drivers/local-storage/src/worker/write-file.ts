import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  futimesSync,
  openSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { Stored } from '@onitu/plug'
import type { Target } from '../messages.ts'
import { modeOf, mtimeOf, PERMISSION_BITS, tokenOf, utimesArgument } from '../token.ts'
import type { FolderHistory } from './folder-history.ts'

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const NEW_FILE_MODE = 0o666

/** Makes a file for writing; fails if it exists. */
export function create(path: string): number {
  return openSync(path, CREATE, NEW_FILE_MODE)
}

/** `after`: bytes of the file that are to follow, for which there has to be room too. */
export function writeAll(fd: number, content: Uint8Array, offset: number, history: FolderHistory, after = 0): void {
  const length = content.byteLength
  let done = 0
  const write = () => {
    while (done < length) done += writeSync(fd, content, done, length - done, offset + done)
  }
  history.withRoom(() => length - done + after, write)
}

/** Times and mode as asked; without a mode, that of the file that is replaced, or what the system gives new files. */
export function finish(fd: number, target: Pick<Target, 'mtime' | 'mode'>, replaced: BigIntStats | undefined): Stored {
  const mode = target.mode ?? (replaced === undefined ? null : modeOf(replaced))
  if (mode !== null) fchmodSync(fd, mode & PERMISSION_BITS)
  if (target.mtime !== null) {
    const time = utimesArgument(target.mtime)
    futimesSync(fd, time, time)
  }
  return storedOf(fstatSync(fd, { bigint: true }))
}

export function storedOf(stat: BigIntStats): Stored {
  return { token: tokenOf(stat), mtime: stat.isDirectory() ? null : mtimeOf(stat), mode: modeOf(stat) }
}

/** Many at once: they share the device's flushes, one after the other each would pay for its own. */
export const flushData: (fd: number) => Promise<void> = promisify(fdatasync)

export { closeSync as closeFile }
