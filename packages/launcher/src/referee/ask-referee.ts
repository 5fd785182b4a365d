import { randomUUID } from 'node:crypto'
import type { Database } from '@onitu/escalator'
import { createPusher } from '@onitu/escalator/messaging'
import {
  isOnituError,
  keys,
  OnituError,
  parseRecord,
  type RefereeAnswer,
  type RefereeRequest,
  refereeAnswerSchema,
  sequence,
} from '@onitu/protocol'
import { pause } from '../wait/pause.ts'

export interface RefereeSource {
  readonly database: Database
  /** The socket that wakes the Referee. */
  readonly wakeAddress: string
}

export type Done = Exclude<RefereeAnswer, { type: 'refused' }>

/** ms between looks for the answer. */
const FAST = 10
const SLOW = 200
const DATABASE_TIMEOUT = 10_000

/**
 * Has the Referee do something, which only it may: the request is in the database, so it is carried out also by a Referee that
 * was killed meanwhile. `timeout` in ms. Without an answer in time, or when the signal is aborted, the request is taken back:
 * what is not done by then is not done later.
 * @throws OnituError what the Referee refused it with, `REFEREE_SILENT`, the reason of the signal
 */
export async function askReferee(
  { database, wakeAddress }: RefereeSource,
  request: RefereeRequest,
  timeout: number,
  signal: AbortSignal,
): Promise<Done> {
  const id = `${sequence(Date.now())}-${randomUUID()}`
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  const pusher = createPusher({ address: wakeAddress })
  try {
    await write(database, id, request)
    pusher.push([keys.requestPrefix])
    const answer = await untilAnswered(database, id, deadline)
    const isTakenBack = await takeBack(database, id)
    if (answer === undefined) signal.throwIfAborted()
    if (answer === undefined) throw silent(timeout, isTakenBack)
    if (answer.type === 'refused') throw new OnituError(answer.code, answer.message)
    return answer
  } finally {
    await pusher.close()
  }
}

/** Not tried again where the outcome is not known: the Referee may have done it already. */
async function write(database: Database, id: string, request: RefereeRequest): Promise<void> {
  try {
    await database.put(keys.request(id), request, { timeout: DATABASE_TIMEOUT })
  } catch (error) {
    await takeBack(database, id)
    throw error
  }
}

async function untilAnswered(
  database: Database,
  id: string,
  deadline: AbortSignal,
): Promise<RefereeAnswer | undefined> {
  const key = keys.answer(id)
  for (let delay = FAST; !deadline.aborted; delay = Math.min(SLOW, delay * 1.5)) {
    const value = await readAnswer(database, key)
    if (value !== undefined) return parseRecord(refereeAnswerSchema, value, key)
    await pause(delay, deadline)
  }
  return undefined
}

/** Undefined also while the database is away: it is started again, and the answer is in it then. */
async function readAnswer(database: Database, key: string): Promise<unknown> {
  try {
    return await database.get<unknown, undefined>(key, { default: undefined, timeout: DATABASE_TIMEOUT })
  } catch (error) {
    if (isOnituError(error) && error.retryable) return undefined
    throw error
  }
}

/**
 * Removes request and answer; the Referee writes an answer only where the request still is, so nothing comes after this. False
 * when the database does not answer: then the next start of the session removes them.
 */
async function takeBack(database: Database, id: string): Promise<boolean> {
  const operations = [keys.request(id), keys.answer(id)].map((key) => ({ type: 'delete', key }) as const)
  try {
    await database.batch(operations, { timeout: DATABASE_TIMEOUT })
    return true
  } catch (error) {
    if (isOnituError(error)) return false
    throw error
  }
}

function silent(timeout: number, isTakenBack: boolean): OnituError {
  const outcome = isTakenBack ? 'so the request was taken back, try again' : 'it may still do what was asked'
  return new OnituError(
    'REFEREE_SILENT',
    `The Referee did not answer within ${timeout / 1000} s: ${outcome}. \`onitu status\` says whether it runs`,
    { retryable: true },
  )
}
