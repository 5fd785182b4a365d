import { describe, expect, it } from 'vitest'
import { mustHold } from './deletion-limit.ts'

const limit = { files: 100, share: 0.5 }

describe('deletions in one go are held', () => {
  it.each([
    ['few files, even if they are all', limit, 0, 100, 100, false],
    ['more files than the number, and more than the share', limit, 0, 101, 200, true],
    ['more files than the number, and exactly the share', limit, 0, 101, 202, false],
    ['many files that are a small share', limit, 0, 1_000, 4_000, false],
    ['what is decided counts, and so does what was there before it', limit, 1_500, 501, 2_500, true],
    ['what is decided counts, within the share', limit, 1_500, 500, 2_500, false],
    ['everything with a limit of nothing', { files: 0, share: 0 }, 0, 1, 1_000, true],
    ['nothing when there is nothing to delete', { files: 0, share: 0 }, 0, 0, 1_000, false],
    ['never with a share of everything', { files: 0, share: 1 }, 0, 1_000, 1_000, false],
  ])('%s', (_, given, lost, pending, live, held) => {
    expect(mustHold(given, { lost, pending }, live)).toBe(held)
  })
})
