import { printable } from '../bus/printable.ts'
import { askSession } from '../control/control-client.ts'
import { describeCount } from '../held/describe-held.ts'
import type { HeldVerdict } from '../held/judge-held.ts'
import type { FoundSession } from '../session/find-session.ts'

/** `onitu approve [SERVICE] [--folder F]`, `onitu reject [SERVICE] [--folder F]` */
export async function judgeHeld(session: FoundSession, verdict: HeldVerdict): Promise<void> {
  const judged = await askSession(session, verdict)
  const outcome = verdict.type === 'approve' ? 'approved: they are deleted everywhere' : 'rejected: they come back'
  process.stdout.write(`${printable(`the deletion of ${describeCount(judged)} is ${outcome}`)}\n`)
}
