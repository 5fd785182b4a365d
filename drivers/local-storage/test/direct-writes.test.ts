import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { ALIGNMENT, alignedBytes } from '../src/aligned-bytes.ts'
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
  const content = alignedBytes(3 * ALIGNMENT + 100).fill(7)
  const begin = 5 * ALIGNMENT
  const size = LARGE + 100
  const first = writes.write(path, size, content.subarray(0, 2 * ALIGNMENT), begin)
  // None at all where the file system cannot.
  expect([0, 2 * ALIGNMENT]).toContain(first)
  expect(written().byteLength).toBe(first === 0 ? 0 : begin + first)
  const last = writes.write(path, size, content, size - content.byteLength)
  expect(last).toBe(first === 0 ? 0 : 3 * ALIGNMENT)
  expect(written().subarray(size - content.byteLength)).toEqual(Buffer.alloc(last, 7))
})

it('leaves what it cannot write, and small files, to others', () => {
  const { path, writes, written } = prepare()
  const page = alignedBytes(2 * ALIGNMENT)
  expect(writes.write(path, LARGE, page.subarray(0, ALIGNMENT), 100)).toBe(0)
  expect(writes.write(path, LARGE, page.subarray(0, ALIGNMENT + 1), 0)).toBe(0)
  expect(writes.write(path, LARGE, page.subarray(1, ALIGNMENT + 1), 0)).toBe(0)
  expect(writes.write(path, LARGE, new Uint8Array(ALIGNMENT), 0)).toBe(0)
  expect(writes.write(path, LARGE - 1, page, 0)).toBe(0)
  expect(written().byteLength).toBe(0)
})
