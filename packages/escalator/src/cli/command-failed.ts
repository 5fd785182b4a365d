import type { ExitStatus } from './exit-status.ts'

/** Ends a command with a status of its own; the message goes to stderr. */
export class CommandFailed extends Error {
  readonly status: ExitStatus

  constructor(status: ExitStatus, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}
