import { printable } from '../bus/printable.ts'
import { askSession } from '../control/control-client.ts'
import { exitStatus } from '../exit-status.ts'
import { describeHeld } from '../held/describe-held.ts'
import type { FoundSession } from '../session/find-session.ts'
import { describeProblem, describeWait } from '../wait/describe-wait.ts'
import { CommandFailed } from './command-failed.ts'

/** `onitu wait`; `timeout` in ms. */
export async function wait(session: FoundSession, timeout: number | undefined): Promise<void> {
  const result = await askSession(session, { type: 'wait', timeout: timeout ?? null })
  // What is held is no failure, but whoever waits would wonder why the files are still there.
  for (const held of result.held) process.stderr.write(`held: ${printable(describeHeld(held))}\n`)
  if (!result.done) throw new CommandFailed(exitStatus.timedOut, describeWait(result))
  // Nor is a folder that cannot be reached, as long as nothing is to be done there; but what changes in it is not seen.
  for (const problem of result.problems) process.stderr.write(`${printable(describeProblem(problem))}\n`)
}
