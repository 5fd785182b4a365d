import { isOnituError, systemCode } from '@onitu/protocol/base'
import { type Command, CommanderError } from 'commander'
import { exitStatus } from '../exit-status.ts'
import { CommandFailed } from './command-failed.ts'

/** Runs a command line; gives the exit status, with what went wrong said on stderr. */
export async function runCommand(program: Command, parameters: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(parameters)
    return exitStatus.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage
    process.stderr.write(`${describeError(error)}\n`)
    return statusOf(error)
  }
}

function statusOf(error: unknown): number {
  if (error instanceof CommandFailed) return error.status
  return isOnituError(error) && error.code === 'NOT_RUNNING' ? exitStatus.notRunning : exitStatus.error
}

/** Errors that are meant for people as they are; of anything else also where it comes from. */
function describeError(error: unknown): string {
  if (error instanceof CommandFailed || isOnituError(error) || systemCode(error) !== undefined)
    return (error as Error).message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
