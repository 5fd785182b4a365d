import { setTimeout } from 'node:timers/promises'
import { askSession } from '../control/control-client.ts'
import type { FoundSession } from '../session/find-session.ts'
import { isAlive } from '../session/session-file.ts'

/** ms */
const STEP = 50

/** `onitu stop`: until the launcher is gone. */
export async function stop(session: FoundSession): Promise<void> {
  await askSession(session, { type: 'stop' })
  while (isAlive(session)) await setTimeout(STEP)
  process.stdout.write(`session ${session.name} stopped\n`)
}
