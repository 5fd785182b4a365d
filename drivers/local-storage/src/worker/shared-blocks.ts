import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { HASH_BLOCK_SIZE } from '@onitu/protocol'

const DIGEST_SIZE = 32

/**
 * Blocks of a file that two threads hash together: each takes the next one that nobody has. So they read side by side, and a disk that turns has hardly to
 * move for it, which it would for two halves.
 */
export interface SharedBlocks {
  /** Of whoever made this, who closes it when neither thread reads any more. */
  readonly fd: number
  /** Byte where the first block begins, and the byte behind the last one. */
  readonly start: number
  readonly end: number
  /** One Int32: the index of the next block that nobody has taken. */
  readonly next: SharedArrayBuffer
  /** 32 bytes for each block: zeros as long as it is not hashed. No content has that digest. */
  readonly digests: SharedArrayBuffer
}

export function shareBlocks(fd: number, start: number, end: number): SharedBlocks {
  const digests = new SharedArrayBuffer(Math.ceil((end - start) / HASH_BLOCK_SIZE) * DIGEST_SIZE)
  return { fd, start, end, next: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT), digests }
}

/** The index of a block that is the caller's alone; undefined when none is left. */
export function takeBlock({ next, digests }: SharedBlocks): number | undefined {
  const index = Atomics.add(new Int32Array(next), 0, 1)
  return index < countOf(digests) ? index : undefined
}

/** Nobody takes a block any more. */
export function takeAllBlocks({ next, digests }: SharedBlocks): void {
  Atomics.store(new Int32Array(next), 0, countOf(digests))
}

/** Reads and hashes one. `buffer`: room for a block. False when the file ends before it does. Throws the system's error. */
export function hashBlock({ fd, start, end, digests }: SharedBlocks, index: number, buffer: Uint8Array): boolean {
  const at = start + index * HASH_BLOCK_SIZE
  const size = Math.min(HASH_BLOCK_SIZE, end - at)
  if (readSync(fd, buffer, 0, size, at) < size) return false
  const digest = createHash('sha256').update(buffer.subarray(0, size)).digest()
  new Uint8Array(digests).set(digest, index * DIGEST_SIZE)
  return true
}

/** The blocks that were taken and not hashed: by a thread that failed or ended. To be asked when all are taken and nobody is at work. */
export function unhashedBlocks({ digests }: SharedBlocks): number[] {
  const known = new Uint8Array(digests)
  const isKnown = (index: number) =>
    known.subarray(index * DIGEST_SIZE, (index + 1) * DIGEST_SIZE).some((byte) => byte !== 0)
  return Array.from({ length: countOf(digests) }, (_, index) => index).filter((index) => !isKnown(index))
}

function countOf(digests: SharedArrayBuffer): number {
  return digests.byteLength / DIGEST_SIZE
}
