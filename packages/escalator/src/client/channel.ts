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

export function createChannel(requester: Requester, defaultTimeout: number): Channel {
  let lastNumber = 0
  const answer = async (body: unknown, options: CallOptions = {}): Promise<Answer> => {
    try {
      return await requester.request(body, requestOptions(options))
    } catch (error) {
      if (hasCode(error, 'CLOSED')) throw new EscalatorClosedError()
      throw hasCode(error, 'SNAPSHOT_GONE') ? new SnapshotGoneError(error) : error
    }
  }
  const readAnswer = async (body: unknown, options: CallOptions = {}): Promise<Answer> => {
    const until = performance.now() + (options.timeout ?? defaultTimeout)
    for (let timeout = options.timeout; ; timeout = Math.max(1, until - performance.now())) {
      try {
        return await answer(body, timeout === undefined ? options : { ...options, timeout })
      } catch (error) {
        if (!hasCode(error, 'DISCONNECTED')) throw error
      }
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
    readAnswer,
    newNumber: () => ++lastNumber,
    async read(body, options) {
      return (await readAnswer(body, options)).body
    },
    async write(body, options) {
      try {
        return (await answer(body, options)).body
      } catch (error) {
        const lost = hasCode(error, 'DISCONNECTED') || (hasCode(error, 'REQUEST_TIMEOUT') && wasSent(error))
        throw lost ? new OutcomeUnknownError(error) : error
      }
    },
  }
}

function requestOptions({ signal, timeout }: CallOptions): CallOptions {
  return { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) }
}

function hasCode(error: unknown, code: string): boolean {
  return isOnituError(error) && error.code === code
}

function wasSent(error: unknown): boolean {
  return isOnituError(error) && error.details.sent === true
}
