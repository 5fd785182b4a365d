import { OnituError } from '@onitu/protocol'
import type { Key } from '../wire/key.ts'
import type { Position } from './change-log.ts'

export interface WatchRequest {
  readonly type: 'watch'
  readonly prefix: Key
  /** Undefined: from now on. */
  readonly position: Position | undefined
  /** How long to wait for a change, in ms. */
  readonly wait: number
}

const MAX_WAIT = 60_000

/** `prefix` is checked already; the position is `[epoch, number]` or null. @throws OnituError `PROTOCOL` */
export function parseWatch(prefix: Key, position: unknown, wait: unknown): WatchRequest {
  if (typeof wait !== 'number' || !(wait >= 0 && wait <= MAX_WAIT)) {
    throw new OnituError(
      'PROTOCOL',
      `Expected how long to wait for changes as 0 to ${MAX_WAIT} ms, got ${String(wait)}`,
    )
  }
  return { type: 'watch', prefix, position: position === null ? undefined : parsePosition(position), wait }
}

function parsePosition(value: unknown): Position {
  if (Array.isArray(value)) {
    const [epoch, sequence] = value as readonly unknown[]
    if (typeof epoch === 'string' && typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0)
      return { epoch, sequence }
  }
  throw new OnituError('PROTOCOL', 'Expected the position of a watch as [epoch, number], or null')
}
