import { DIRECT_IO_ALIGNMENT } from '@onitu/protocol'

/** Memory that both threads see and that begins at a page, as that of buffers which may grow does and of no others. */
export function alignedBytes(size: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(size, { maxByteLength: size }), 0, size)
}

/** False for all memory of which it is not known. */
export function isAligned({ buffer, byteOffset }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer && buffer.growable && byteOffset % DIRECT_IO_ALIGNMENT === 0
}
