import { askSession } from '../control/control-client.ts'
import type { FoundSession } from '../session/find-session.ts'
import { formatStatus } from '../status/format-status.ts'

/** `onitu status` */
export async function status(session: FoundSession, json: boolean): Promise<void> {
  const answer = await askSession(session, { type: 'status' })
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatStatus(answer)}\n`)
}
