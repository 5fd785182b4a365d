/** What the `escalator` command tells the shell. Documented in the README; the numbers never change. */
export const exitStatus = {
  ok: 0,
  /** The key is missing, or the command could not be carried out. */
  error: 1,
  /** The command line, or what came on stdin, is wrong. */
  usage: 2,
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]
