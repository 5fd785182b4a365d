import { isOnituError } from '@onitu/protocol'
import type { CallOptions } from '../database.ts'
import { EscalatorClosedError, OutcomeUnknownError, SnapshotGoneError } from '../errors.ts'
import type { Answer, Requester } from '../messaging/requester.ts'

/** Requests to one server, with what reads and writes do when it goes away. */
export interface Channel {
  /** Asked again when the connection is lost, until the deadline. */
  read(body: unknown, options?: CallOptions): Promise<unknown>
  /** Never sent twice. @throws OutcomeUnknownError */
  write(body: unknown, options?: CallOptions): Promise<unknown>
  /** Like `read`, with the frames behind the answer. */
  readAnswer(body: unknown, options?: CallOptions): Promise<Answer>
  /** Sent once; a lost connection is the caller's `DISCONNECTED`. */
  answer(body: unknown, options?: CallOptions): Promise<Answer>
  /** Frees what is open on the server. One that is gone, or does not answer soon, has freed it or will: that is no failure. */
  end(body: unknown): Promise<void>
  /** A number for something that is to be opened on the server. */
  newNumber(): number
}

/** Nobody should wait for a server that is gone when there is nothing left to ask of it. */
const ENDING_TIMEOUT = 1_000

const NO_OPTIONS: CallOptions = {}

/** Handlers instead of async functions: of those each call would pay a promise and a turn for every layer. */
export function createChannel(requester: Requester, defaultTimeout: number): Channel {
  let lastNumber = 0
  const ask = (body: unknown, options: CallOptions) => requester.request(body, requestOptions(options))
  const answer = (body: unknown, options = NO_OPTIONS) => ask(body, options).catch(throwKnown)
  const readWith = <T>(take: (answer: Answer) => T) => {
    return (body: unknown, options = NO_OPTIONS): Promise<T> => {
      const until = performance.now() + (options.timeout ?? defaultTimeout)
      const again = (error: unknown): Promise<T> => {
        if (!hasCode(error, 'DISCONNECTED')) throw known(error)
        return ask(body, { ...options, timeout: Math.max(1, until - performance.now()) }).then(take, again)
      }
      return ask(body, options).then(take, again)
    }
  }
  return {
    answer,
    async end(body) {
      try {
        await answer(body, { timeout: Math.min(ENDING_TIMEOUT, defaultTimeout) })
      } catch (error) {
        if (!isOnituError(error)) throw error
      }
    },
    readAnswer: readWith((whole) => whole),
    newNumber: () => ++lastNumber,
    read: readWith(bodyOf),
    write: (body, options = NO_OPTIONS) => ask(body, options).then(bodyOf, throwWrite),
  }
}

function bodyOf({ body }: Answer): unknown {
  return body
}

function throwWrite(error: unknown): never {
  const lost = hasCode(error, 'DISCONNECTED') || (hasCode(error, 'REQUEST_TIMEOUT') && wasSent(error))
  throw lost ? new OutcomeUnknownError(error) : known(error)
}

function throwKnown(error: unknown): never {
  throw known(error)
}

/** The error as the client of a database knows it. */
function known(error: unknown): unknown {
  if (hasCode(error, 'CLOSED')) return new EscalatorClosedError()
  return hasCode(error, 'SNAPSHOT_GONE') ? new SnapshotGoneError(error) : error
}

/** Nothing but these: a caller's object may hold more. */
function requestOptions({ signal, timeout }: CallOptions): CallOptions {
  if (signal === undefined && timeout === undefined) return NO_OPTIONS
  return { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) }
}

function hasCode(error: unknown, code: string): boolean {
  return isOnituError(error) && error.code === code
}

function wasSent(error: unknown): boolean {
  return isOnituError(error) && error.details.sent === true
}
