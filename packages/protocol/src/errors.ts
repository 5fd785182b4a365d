/**
 * The one error base of Onitu. `code` is stable and meant for programs; `message` is meant for people and may change.
 * `retryable` says whether doing the same again later may help: supervisors and transfers read it, never the message.
 */
export interface OnituErrorOptions {
  readonly cause?: unknown
  readonly retryable?: boolean
  /** Plain data (survives msgpack) that a program may want beside the code. */
  readonly details?: Readonly<Record<string, unknown>>
}

// Two copies of this package may be installed, so `instanceof` cannot be trusted; a registered symbol can.
const mark = Symbol.for('onitu.error')

export class OnituError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: OnituErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
    Object.defineProperty(this, mark, { value: true })
  }
}

export function isOnituError(value: unknown): value is OnituError {
  return typeof value === 'object' && value !== null && mark in value
}

/** What crosses a socket in place of an error. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

/** Anything thrown becomes a WireError; an error that is not ours gets its own `code` (`ENOENT`…) or `INTERNAL`. */
export function toWireError(error: unknown): WireError {
  if (isOnituError(error)) {
    return { code: error.code, message: error.message, retryable: error.retryable, details: error.details }
  }
  const code = systemCode(error) ?? 'INTERNAL'
  return { code, message: error instanceof Error ? error.message : String(error), retryable: false, details: {} }
}

/** Rebuilds an error that came over a socket. Never throws: odd input becomes a `PROTOCOL` error. */
export function fromWireError(value: unknown): OnituError {
  if (typeof value !== 'object' || value === null) {
    return new OnituError('PROTOCOL', `Expected an error description from the peer, got ${typeof value}`)
  }
  const { code, message, retryable, details } = value as Partial<Record<keyof WireError, unknown>>
  return new OnituError(
    typeof code === 'string' ? code : 'PROTOCOL',
    typeof message === 'string' ? message : 'The peer reported an error without a message',
    {
      retryable: retryable === true,
      details: typeof details === 'object' && details !== null ? { ...details } : {},
    },
  )
}

/** The `code` of a Node system error such as `ENOSPC`, if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return undefined
}
