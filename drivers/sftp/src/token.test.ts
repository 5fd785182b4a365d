import { expect, test } from 'vitest'
import { identityOf, isDirectoryToken, isFileToken, isLeftAlone, modeOf, secondsOf, tokenOf } from './token.ts'

const file = { mode: 0o100640, size: 1234, mtime: 1_600_000_000 }

test('a file is told apart by size, time and permission bits', () => {
  const others = [
    { ...file, size: 1235 },
    { ...file, mtime: 1_600_000_001 },
    { ...file, mode: 0o100644 },
  ]
  expect(new Set([file, ...others].map(tokenOf)).size).toBe(4)
  expect(isFileToken(tokenOf(file))).toBe(true)
  expect(modeOf(tokenOf(file))).toBe(0o640)
  expect(identityOf(tokenOf(file))).toBe(identityOf(tokenOf({ ...file, mode: 0o100600 })))
})

test('a directory is told apart by its permission bits only', () => {
  const directory = { mode: 0o040750, size: 4096, mtime: 1 }
  expect(tokenOf(directory)).toBe(tokenOf({ ...directory, mtime: 2 }))
  expect(isDirectoryToken(tokenOf(directory))).toBe(true)
  expect(modeOf(tokenOf(directory))).toBe(0o750)
})

test.each([0o120777, 0o140755, 0o060660, 0o010644])('what is neither is left alone: %o', (mode) => {
  expect(isLeftAlone(tokenOf({ ...file, mode }))).toBe(true)
})

test.each([
  [1_600_000_000_999, 1_600_000_000],
  [0, 0],
  [-1, undefined],
  [2 ** 32 * 1000, undefined],
])('the time %d is %s in seconds', (mtime, seconds) => {
  expect(secondsOf(mtime)).toBe(seconds)
})
