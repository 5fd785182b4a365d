/** What the `onitu` command tells the shell. Documented in the README; the numbers never change. */
export const exitStatus = {
  ok: 0,
  /** The setup is missing or wrong, the session runs already, or the command could not be carried out. */
  error: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The command needs a running session and there is none. */
  notRunning: 3,
  /** `onitu wait --timeout` ended with something still pending. */
  timedOut: 4,
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]
