import { readFileSync, writeFileSync } from 'node:fs'
import { DIRECT_IO_ALIGNMENT } from '@onitu/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { alignedBytes } from '../src/aligned-bytes.ts'
import { DirectWrites } from '../src/worker/direct-writes.ts'
import { temporaryFolder } from './open-storage.ts'

const LARGE = 64 * 1024 * 1024

function prepare() {
  const path = `${temporaryFolder()}/file`
  writeFileSync(path, '')
  const writes = new DirectWrites()
  onTestFinished(() => writes.close())
  return { path, writes, written: () => readFileSync(path) }
}

it('writes whole pages of a large file, and says how much it wrote', () => {
  const { path, writes, written } = prepare()
  const content = alignedBytes(3 * DIRECT_IO_ALIGNMENT + 100).fill(7)
  const begin = 5 * DIRECT_IO_ALIGNMENT
  const size = LARGE + 100
  const first = writes.write(path, size, content.subarray(0, 2 * DIRECT_IO_ALIGNMENT), begin)
  // None at all where the file system cannot.
  expect([0, 2 * DIRECT_IO_ALIGNMENT]).toContain(first)
  expect(written().byteLength).toBe(first === 0 ? 0 : begin + first)
  const last = writes.write(path, size, content, size - content.byteLength)
  expect(last).toBe(first === 0 ? 0 : 3 * DIRECT_IO_ALIGNMENT)
  expect(written().subarray(size - content.byteLength)).toEqual(Buffer.alloc(last, 7))
})

it('leaves what it cannot write, and small files, to others', () => {
  const { path, writes, written } = prepare()
  const page = alignedBytes(2 * DIRECT_IO_ALIGNMENT)
  expect(writes.write(path, LARGE, page.subarray(0, DIRECT_IO_ALIGNMENT), 100)).toBe(0)
  expect(writes.write(path, LARGE, page.subarray(0, DIRECT_IO_ALIGNMENT + 1), 0)).toBe(0)
  expect(writes.write(path, LARGE, page.subarray(1, DIRECT_IO_ALIGNMENT + 1), 0)).toBe(0)
  expect(writes.write(path, LARGE, new Uint8Array(DIRECT_IO_ALIGNMENT), 0)).toBe(0)
  expect(writes.write(path, LARGE - 1, page, 0)).toBe(0)
  expect(written().byteLength).toBe(0)
})
