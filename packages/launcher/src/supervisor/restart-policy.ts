/** Failures in a row, as the policy counts them. */
export interface RestartHistory {
  readonly failures: number
}

export interface RestartDecision extends RestartHistory {
  /** ms until the next start. */
  readonly delay: number
  /** So many failures in a row that a person should look at it. It is still tried again, slowly. */
  readonly failed: boolean
}

/** ms */
export interface RestartPolicy {
  readonly firstDelay: number
  readonly maxDelay: number
  /** A process that was ready for so long is healthy: what failed before no longer counts. */
  readonly healthyAfter: number
  readonly failuresUntilFailed: number
  readonly failedDelay: number
}

export const defaultRestartPolicy: RestartPolicy = {
  firstDelay: 200,
  maxDelay: 30_000,
  healthyAfter: 60_000,
  failuresUntilFailed: 10,
  failedDelay: 180_000,
}

export const noFailures: RestartHistory = { failures: 0 }

/**
 * What to do about a process that ended by itself after having been ready for `readyFor` ms (0: it never was). Pure.
 */
export function decideRestart(history: RestartHistory, readyFor: number, policy: RestartPolicy): RestartDecision {
  const failures = (readyFor >= policy.healthyAfter ? 0 : history.failures) + 1
  const failed = failures >= policy.failuresUntilFailed
  const delay = failed ? policy.failedDelay : Math.min(policy.firstDelay * 2 ** (failures - 1), policy.maxDelay)
  return { failures, failed, delay }
}
