import { type NewEvent, OnituError } from '@onitu/protocol'
import { askReferee, type RefereeSource } from '../referee/ask-referee.ts'
import type { Setup } from '../setup/setup.ts'
import { readHeld } from './read-held.ts'

/** What somebody decided about held deletions. Null: of all services, in all folders. */
export interface HeldVerdict {
  readonly type: 'approve' | 'reject'
  readonly service: string | null
  readonly folder: string | null
}

/** What was held and is not any more. */
export interface JudgedDeletions {
  readonly files: number
  readonly directories: number
}

/** ms: each batch of many takes a moment. */
const TIMEOUT = 600_000

/**
 * Has held deletions carried out, or taken back.
 * @throws OnituError `SERVICE_NOT_FOUND`, `UNKNOWN_FOLDER`, `NOTHING_HELD`, and what `askReferee` throws
 */
export async function judgeHeld(
  source: RefereeSource,
  setup: Pick<Setup, 'services' | 'folders'>,
  verdict: HeldVerdict,
  publish: (event: NewEvent) => void,
  signal: AbortSignal,
): Promise<JudgedDeletions> {
  const { type, service, folder } = verdict
  if (service !== null && !setup.services.has(service))
    throw new OnituError('SERVICE_NOT_FOUND', `service ${service} not found`)
  if (folder !== null && !setup.folders.has(folder))
    throw new OnituError('UNKNOWN_FOLDER', `there is no folder ${folder} in the setup`)
  const held = await readHeld(source.database, setup.services.keys(), {})
  const meant = held.filter((one) => (service ?? one.service) === one.service && (folder ?? one.folder) === one.folder)
  if (meant.length === 0) throw nothingHeld(verdict)
  const answer = await askReferee(source, { type, service, folder, files: 0, directories: 0 }, TIMEOUT, signal)
  if (answer.type !== 'judged')
    throw new OnituError('INTERNAL', `The Referee answered ${answer.type} to ${type}; please report that`)
  const { files, directories } = answer
  const event = type === 'approve' ? 'deletions_approved' : 'deletions_rejected'
  publish({ type: event, service, folder, files, directories })
  return { files, directories }
}

function nothingHeld({ service, folder }: HeldVerdict): OnituError {
  const whose = `${service === null ? '' : ` of ${service}`}${folder === null ? '' : ` in folder ${folder}`}`
  return new OnituError('NOTHING_HELD', `no deletions${whose} are held; \`onitu status\` shows those that are`)
}
