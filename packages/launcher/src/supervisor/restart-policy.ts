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
  /** The longest delay of one that was ready and then killed (by a person, or for want of memory): it did not fail by itself. */
  readonly killedDelay: number
  readonly failedDelay: number
}

export const defaultRestartPolicy: RestartPolicy = {
  firstDelay: 200,
  maxDelay: 30_000,
  // As systemd counts: only starts that follow each other within so long are one row of failures.
  healthyAfter: 10_000,
  failuresUntilFailed: 10,
  killedDelay: 5_000,
  failedDelay: 180_000,
}

export const noFailures: RestartHistory = { failures: 0 }

/** How a process ended by itself. */
interface Ending {
  /** ms for which it had been ready; 0: it never was. */
  readonly readyFor: number
  /** By SIGKILL, which no process sends to itself. */
  readonly killed: boolean
}

/** What to do about a process that ended without having been asked to. Pure. */
export function decideRestart(
  history: RestartHistory,
  { readyFor, killed }: Ending,
  policy: RestartPolicy,
): RestartDecision {
  const failures = (readyFor >= policy.healthyAfter ? 0 : history.failures) + 1
  const delay = Math.min(policy.firstDelay * 2 ** (failures - 1), policy.maxDelay)
  if (killed && readyFor > 0) return { failures, failed: false, delay: Math.min(delay, policy.killedDelay) }
  const failed = failures >= policy.failuresUntilFailed
  return { failures, failed, delay: failed ? policy.failedDelay : delay }
}
