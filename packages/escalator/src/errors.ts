import { OnituError, type OnituErrorOptions } from '@onitu/protocol/base'
import type { Key } from './wire/key.ts'
import type { HandshakeFailure } from './zmtp/mechanism.ts'

/** `get` of an absent key without a default. `details.key` names it. */
export class KeyNotFoundError extends OnituError {
  constructor(key: Key) {
    super('KEY_NOT_FOUND', `The key ${show(key)} is absent; pass { default } to get a value instead`, {
      details: { key },
    })
  }
}

/** The client was closed, before the call or while it waited. */
export class EscalatorClosedError extends OnituError {
  constructor(options: OnituErrorOptions = {}) {
    super('ESCALATOR_CLOSED', 'This Escalator client is closed; connect() gives a new one', options)
  }
}

/** A condition of a batch does not hold, nothing was written. `details.index` is the first one that failed. */
export class ConditionFailedError extends OnituError {
  constructor(key: Key, index: number) {
    super(
      'CONDITION_FAILED',
      `Condition ${index} on ${show(key)} does not hold; nothing was written. Read the key again, then decide`,
      { details: { key, index } },
    )
  }
}

/**
 * No answer within the deadline. `details.sent` false: the request never left this process, so it had no effect.
 * Retryable.
 */
export class RequestTimeoutError extends OnituError {
  constructor(address: string, timeout: number, sent: boolean, failure?: HandshakeFailure) {
    super(
      'REQUEST_TIMEOUT',
      sent
        ? `${address} did not answer within ${timeout} ms`
        : `${address} could not be reached within ${timeout} ms; ${WHAT_TO_CHECK[failure ?? 'lost']}`,
      { retryable: true, details: { sent } },
    )
  }
}

const WHAT_TO_CHECK: Readonly<Record<HandshakeFailure, string>> = {
  lost: 'check that it is running, and that both sides use CURVE keys, with the right server key, or neither does',
  security: 'the two sides do not agree on security: check that both use CURVE keys, or neither, and the server key',
  denied: 'it does not allow the key of this client: have the public key added to the list of the server',
}

/** The server does not allow the key of this client. Nothing was sent. */
export class AccessDeniedError extends OnituError {
  constructor(address: string) {
    super('ACCESS_DENIED', `${address} refuses the connection: ${WHAT_TO_CHECK.denied}`)
  }
}

/** The connection went away while this write waited for its answer: it happened, or it did not. Retryable. */
export class OutcomeUnknownError extends OnituError {
  constructor(cause: unknown) {
    super(
      'OUTCOME_UNKNOWN',
      'The server went away before it acknowledged the write, which may or may not have happened; read, then decide whether to write again',
      { retryable: true, cause },
    )
  }
}

/** The server lost the state that a range reads from: the connection was lost, or the range was idle for long. Retryable. */
export class RangeInterruptedError extends OnituError {
  constructor(cause: unknown) {
    super('RANGE_INTERRUPTED', 'The server lost the state that this range reads from; begin the range again', {
      cause,
      retryable: true,
    })
  }
}

/** The server has the state of this snapshot no longer: it was closed, the connection was lost, or it was idle for long. */
export class SnapshotGoneError extends OnituError {
  constructor(cause: unknown) {
    super('SNAPSHOT_GONE', 'The server no longer has the state of this snapshot; take another one', { cause })
  }
}

function show(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key) : `0x${Buffer.from(key).toString('hex')}`
}
