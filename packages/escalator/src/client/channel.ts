import { isOnituError } from '@onitu/protocol'
import type { CallOptions } from '../database.ts'
import { EscalatorClosedError, OutcomeUnknownError } from '../errors.ts'
import type { Requester } from '../messaging/requester.ts'

/** Requests to one server, with what reads and writes do when it goes away. */
export interface Channel {
  /** Asked again when the connection is lost, until the deadline. */
  read(body: unknown, options?: CallOptions): Promise<unknown>
  /** Never sent twice. @throws OutcomeUnknownError */
  write(body: unknown, options?: CallOptions): Promise<unknown>
  /** Sent once; a lost connection is the caller's `DISCONNECTED`. */
  once(body: unknown, options?: CallOptions): Promise<unknown>
}

export function createChannel(requester: Requester, defaultTimeout: number): Channel {
  const once = async (body: unknown, options: CallOptions = {}): Promise<unknown> => {
    try {
      return (await requester.request(body, requestOptions(options))).body
    } catch (error) {
      throw hasCode(error, 'CLOSED') ? new EscalatorClosedError() : error
    }
  }
  return {
    once,
    async read(body, options = {}) {
      const until = performance.now() + (options.timeout ?? defaultTimeout)
      for (let timeout = options.timeout; ; timeout = Math.max(1, until - performance.now())) {
        try {
          return await once(body, timeout === undefined ? options : { ...options, timeout })
        } catch (error) {
          if (!hasCode(error, 'DISCONNECTED')) throw error
        }
      }
    },
    async write(body, options) {
      try {
        return await once(body, options)
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
