import { formatConflicts } from '../conflicts/format-conflicts.ts'
import { askSession } from '../control/control-client.ts'
import type { FoundSession } from '../session/find-session.ts'

/** `onitu conflicts` */
export async function conflicts(session: FoundSession, json: boolean): Promise<void> {
  const found = await askSession(session, { type: 'conflicts' })
  process.stdout.write(`${json ? JSON.stringify(found, null, 2) : formatConflicts(found)}\n`)
}
