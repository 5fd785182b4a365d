import { askSession } from '../control/control-client.ts'
import type { ServiceAction } from '../control/messages.ts'
import type { FoundSession } from '../session/find-session.ts'

const DONE = { start: 'started', stop: 'stopped', restart: 'restarted' } as const

/** `onitu service start|stop|restart NAME` */
export async function service(session: FoundSession, action: ServiceAction, name: string): Promise<void> {
  await askSession(session, { type: 'service', action, name })
  process.stdout.write(`service ${name} ${DONE[action]}\n`)
}
