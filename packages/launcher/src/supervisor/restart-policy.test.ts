import { describe, expect, it } from 'vitest'
import { decideRestart, noFailures, defaultRestartPolicy as policy, type RestartHistory } from './restart-policy.ts'

const ended = (readyFor: number, killed = false) => ({ readyFor, killed })

function delays(count: number): number[] {
  let history: RestartHistory = noFailures
  return Array.from({ length: count }, () => {
    const decision = decideRestart(history, ended(0), policy)
    history = decision
    return decision.delay
  })
}

describe('decideRestart', () => {
  it('doubles the delay up to a limit', () => {
    expect(delays(9)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000])
  })

  it('calls the tenth failure in a row failed, and goes on slowly', () => {
    expect(decideRestart({ failures: 8 }, ended(0), policy).failed).toBe(false)
    expect(decideRestart({ failures: 9 }, ended(0), policy)).toEqual({ failures: 10, failed: true, delay: 180_000 })
    expect(decideRestart({ failures: 5_000 }, ended(0), policy).delay).toBe(180_000)
  })

  it('forgets earlier failures of a process that was healthy', () => {
    expect(decideRestart({ failures: 9 }, ended(9_999), policy).failures).toBe(10)
    expect(decideRestart({ failures: 9 }, ended(10_000), policy)).toEqual({ failures: 1, failed: false, delay: 200 })
  })

  it('goes on soon with one that was killed after it was ready, however often', () => {
    expect(decideRestart({ failures: 50 }, ended(100, true), policy)).toEqual({
      failures: 51,
      failed: false,
      delay: 5_000,
    })
    expect(decideRestart(noFailures, ended(100, true), policy).delay).toBe(200)
  })

  it('counts one that is killed before it is ready as failing: it may take more memory than there is', () => {
    expect(decideRestart({ failures: 9 }, ended(0, true), policy).failed).toBe(true)
  })
})
