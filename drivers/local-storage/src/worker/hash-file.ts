import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { BlockHash, contentHash, HASH_BLOCK_SIZE } from '@onitu/protocol'
import { tokenOf } from '../token.ts'
import type { HashHelper } from './hash-helper.ts'
import { hashTogether } from './hash-together.ts'
import { shareBlocks } from './shared-blocks.ts'

// O_NONBLOCK: a pipe put in the place of the file must not block the thread.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export type Hashed = { readonly hash: string } | 'changed'

/** The hash of a file of at most one block that has the state `token` before and after. Throws the system's error. */
export function hashSmallFile(path: string, token: string, size: number, buffer: Uint8Array): Hashed {
  const fd = openSync(path, READ)
  try {
    if (!isSame(fd, token)) return 'changed'
    const read = readSync(fd, buffer, 0, size, 0)
    return read === size && isSame(fd, token) ? { hash: contentHash(buffer.subarray(0, read)) } : 'changed'
  } finally {
    closeSync(fd)
  }
}

/** Until so many bytes are hashed it is known how fast that is here, and a file that is not much longer is done by then. */
const ALONE = 4 * HASH_BLOCK_SIZE
/** Bytes from which on it pays to have others read a file: to start a thread takes as long as to hash half of this. */
export const LARGE = 64 * HASH_BLOCK_SIZE

export interface LargeFileOptions {
  /** Once it says no the file is given up, as `changed`. */
  readonly wanted?: () => boolean
  /** Hashes along; by default one thread does it all. */
  readonly helper?: HashHelper
}

/** The same for a larger one. */
export async function hashLargeFile(
  path: string,
  token: string,
  size: number,
  { wanted = () => true, helper }: LargeFileOptions = {},
): Promise<Hashed> {
  const fd = openSync(path, READ)
  try {
    if (!isSame(fd, token)) return 'changed'
    const hash = new BlockHash()
    const buffer = Buffer.allocUnsafeSlow(HASH_BLOCK_SIZE)
    while (hash.size < size) {
      if (helper !== undefined && hash.size === ALONE && size >= LARGE && !BlockHash.isElsewhere) {
        const digests = await hashTogether(shareBlocks(fd, hash.size, size), buffer, wanted, helper)
        if (digests === 'changed') return 'changed'
        hash.append(digests, size - hash.size)
        break
      }
      const read = readSync(fd, buffer, 0, Math.min(HASH_BLOCK_SIZE, size - hash.size), hash.size)
      if (read === 0 || !wanted()) return 'changed'
      await hash.update(buffer.subarray(0, read))
    }
    const digest = await hash.digest()
    return isSame(fd, token) ? { hash: digest } : 'changed'
  } finally {
    closeSync(fd)
  }
}

/** Whether a file has the state `token`. Throws the system's error. */
export function isStill(path: string, token: string): boolean {
  const fd = openSync(path, READ)
  try {
    return isSame(fd, token)
  } finally {
    closeSync(fd)
  }
}

function isSame(fd: number, token: string): boolean {
  return tokenOf(fstatSync(fd, { bigint: true })) === token
}
