import { askSession } from '../control/control-client.ts'
import { formatHistory } from '../history/format-history.ts'
import type { FileArgument } from '../history/locate-file.ts'
import type { FoundSession } from '../session/find-session.ts'

/** `onitu history FILE` */
export async function history(session: FoundSession, file: FileArgument, json: boolean): Promise<void> {
  const answer = await askSession(session, { type: 'history', file })
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatHistory(answer)}\n`)
}
