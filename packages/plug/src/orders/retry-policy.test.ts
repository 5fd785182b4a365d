import { describe, expect, it } from 'vitest'
import { planRetry } from './retry-policy.ts'

describe('planRetry', () => {
  it('doubles the delay from one second to five minutes, and tells each time', () => {
    const retries = [1, 2, 3, 4, 20].map((attempts) => planRetry('ENOSPC', true, attempts, 1))
    expect(retries.map(({ delay }) => delay)).toEqual([1_000, 2_000, 4_000, 8_000, 300_000])
    expect(retries.every(({ report }) => report)).toBe(true)
  })

  it('tells once of what the driver cannot do, and tries it rarely', () => {
    expect(planRetry('NAME_NOT_HELD', false, 1, 1)).toEqual({ delay: 60_000, report: true })
    expect(planRetry('NAME_NOT_HELD', false, 2, 1)).toEqual({ delay: 120_000, report: false })
  })

  it('says nothing of a conflict that passes in a moment', () => {
    expect(planRetry('CONFLICT', true, 1, 0.5)).toEqual({ delay: 100, report: false })
    expect(planRetry('CONFLICT', true, 3, 0.5).report).toBe(true)
  })
})
