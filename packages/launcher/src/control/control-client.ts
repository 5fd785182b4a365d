import { createPlainRequester } from '@onitu/escalator/requester'
import { ipcAddress, isOnituError, OnituError } from '@onitu/protocol/base'
import type { ConflictedFile, Resolution } from '../conflicts/conflicted-file.ts'
import type { JudgedDeletions } from '../held/judge-held.ts'
import type { FileHistory } from '../history/file-history.ts'
import type { RestoreResult } from '../history/restore-version.ts'
import type { FoundSession } from '../session/find-session.ts'
import { isAlive } from '../session/session-file.ts'
import type { Status } from '../status/status.ts'
import type { WaitResult } from '../wait/wait-until-quiet.ts'
import type { ControlRequest, KeysChanged } from './messages.ts'

/** ms */
const TIMEOUT = 30_000
/** A service that starts has two minutes to be ready, one that stops ten seconds. */
const SERVICE_TIMEOUT = 180_000
/** More than the launcher waits for the Referee. */
const RESOLVE_TIMEOUT = 90_000
const JUDGE_TIMEOUT = 660_000
/** The longest timer there is: 24 days. */
const FOREVER = 2 ** 31 - 1
/** More than the launcher needs to say that the time is over. */
const MARGIN = 30_000
const LIVENESS = 500

/** The types by which the answers of a session of the same version come; they are not checked again. */
interface Answers {
  status: Status
  wait: WaitResult
  service: null
  history: FileHistory
  restore: RestoreResult
  keys: KeysChanged
  remote: null
  conflicts: readonly ConflictedFile[]
  resolve: Resolution
  approve: JudgedDeletions
  reject: JudgedDeletions
  stop: null
}

/**
 * Asks the launcher of a session.
 * @throws OnituError what the launcher threw, or `NOT_RUNNING` when it ended before it answered
 */
export async function askSession<T extends ControlRequest>(
  session: FoundSession,
  request: T,
): Promise<Answers[T['type']]> {
  const requester = createPlainRequester(ipcAddress(session.runtime, 'control'))
  const gone = new AbortController()
  // A launcher that is killed closes no connection that it never opened: only its pid tells.
  const watch = setInterval(() => {
    if (!isAlive(session)) gone.abort(ended(session))
  }, LIVENESS)
  try {
    const { body } = await requester.request(request, { timeout: timeoutOf(request), signal: gone.signal })
    return body as Answers[T['type']]
  } catch (error) {
    if (isOnituError(error) && error.code === 'DISCONNECTED') throw ended(session)
    throw error
  } finally {
    clearInterval(watch)
    await requester.close()
  }
}

function timeoutOf(request: ControlRequest): number {
  if (request.type === 'service' || request.type === 'keys' || request.type === 'remote') return SERVICE_TIMEOUT
  if (request.type === 'resolve') return RESOLVE_TIMEOUT
  if (request.type === 'approve' || request.type === 'reject') return JUDGE_TIMEOUT
  if (request.type === 'restore') return FOREVER
  if (request.type !== 'wait') return TIMEOUT
  return request.timeout === null ? FOREVER : Math.min(FOREVER, request.timeout + MARGIN)
}

function ended(session: FoundSession): OnituError {
  return new OnituError('NOT_RUNNING', `The session ${JSON.stringify(session.name)} ended before it answered`)
}
