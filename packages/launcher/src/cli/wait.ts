import { askSession } from '../control/control-client.ts'
import { exitStatus } from '../exit-status.ts'
import type { FoundSession } from '../session/find-session.ts'
import { describeWait } from '../wait/describe-wait.ts'
import { CommandFailed } from './command-failed.ts'

/** `onitu wait`; `timeout` in ms. */
export async function wait(session: FoundSession, timeout: number | undefined): Promise<void> {
  const result = await askSession(session, { type: 'wait', timeout: timeout ?? null })
  if (result.done) return
  throw new CommandFailed(exitStatus.timedOut, describeWait(result))
}
