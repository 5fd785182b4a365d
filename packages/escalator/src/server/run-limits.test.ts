import { describe, expect, it } from 'vitest'
import { aheadLimits, runLimits } from './run-limits.ts'

describe('a run', () => {
  it.each([
    [1, true, 8],
    [16, true, 8],
    [24, true, 12],
    [32, true, 32],
    [16, false, 32],
    [300, false, 100],
    [300, true, 100],
  ])('out of %i that wait (idle before: %s) takes %i at most', (waiting, idle, requests) => {
    expect(runLimits(waiting, idle).requests).toBe(requests)
  })
})

describe('what is collected behind a write that is under way', () => {
  it.each([
    [10, 32],
    [300, 150],
  ])('out of %i is %i at most', (waiting, requests) => {
    expect(aheadLimits(waiting).requests).toBe(requests)
  })
})
