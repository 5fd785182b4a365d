import { isOnituError, systemCode } from '@onitu/protocol'
import { type Command, CommanderError } from 'commander'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'

/** Runs a command line; gives the exit status, with what went wrong said on stderr. */
export async function runCommand(program: Command, parameters: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(parameters)
    return exitStatus.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage
    // Whoever read our output has seen enough (`escalator range | head`).
    if (systemCode(error) === 'EPIPE') return exitStatus.ok
    process.stderr.write(`escalator: ${describeError(error)}\n`)
    return statusOf(error)
  }
}

function statusOf(error: unknown): number {
  if (error instanceof CommandFailed) return error.status
  return error instanceof TypeError ? exitStatus.usage : exitStatus.error
}

/** Errors that are meant for people as they are; of anything else also where it comes from. */
function describeError(error: unknown): string {
  if (isOnituError(error)) return `${error.message} (${error.code})`
  if (error instanceof CommandFailed || error instanceof TypeError || systemCode(error) !== undefined)
    return (error as Error).message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
