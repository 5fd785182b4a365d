import { nameProblem } from '@onitu/protocol'
import { exitStatus } from '../../exit-status.ts'
import { CommandFailed } from '../command-failed.ts'

/** @throws CommandFailed with the status of a wrong command line */
export function checkName(name: string, what: string): void {
  const problem = nameProblem(name)
  if (problem !== undefined) {
    throw new CommandFailed(exitStatus.usage, `The ${what} name ${JSON.stringify(name)} ${problem}`)
  }
}
