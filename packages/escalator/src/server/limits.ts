import { OnituError } from '@onitu/protocol'
import { MAX_FRAME_SIZE } from '../messaging/envelope.ts'
import type { Key } from '../wire/key.ts'
import type { WriteList } from '../wire/write-list.ts'

/** The largest that a server takes, in bytes. */
export interface ServerLimits {
  /** Default and at most 64 MiB, which is also the most that any message may have. */
  readonly request?: number
  /** Of keys that are written. Default 1 MiB. */
  readonly key?: number
  /** Of values that are written. Default 48 MiB, so that each can be read again beside its key. */
  readonly value?: number
}

const MEBIBYTE = 1024 * 1024
const DEFAULTS: Required<ServerLimits> = { request: MAX_FRAME_SIZE, key: MEBIBYTE, value: 48 * MEBIBYTE }

/** Fills in the defaults. @throws TypeError */
export function checkLimits(limits: ServerLimits = {}): Required<ServerLimits> {
  for (const name of Object.keys(DEFAULTS) as (keyof ServerLimits)[]) {
    const limit = limits[name]
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0 && limit <= MAX_FRAME_SIZE))
      throw new TypeError(`limits.${name}: expected a number of bytes from 1 to ${MAX_FRAME_SIZE}, got ${limit}`)
  }
  const { request = DEFAULTS.request, key = DEFAULTS.key, value = DEFAULTS.value } = limits
  return { request, key, value }
}

/** @throws OnituError `KEY_TOO_LARGE`, `VALUE_TOO_LARGE` */
export function checkWrites({ keys, values }: WriteList, limits: Required<ServerLimits>): void {
  for (let index = 0; index < keys.length; index++) {
    const key = sizeOf(keys[index] ?? '')
    if (key > limits.key) throw tooLarge('KEY_TOO_LARGE', 'A key', key, limits.key)
    const value = values[index]?.byteLength ?? 0
    if (value > limits.value) throw tooLarge('VALUE_TOO_LARGE', 'A value', value, limits.value)
  }
}

function sizeOf(key: Key): number {
  return typeof key === 'string' ? Buffer.byteLength(key) : key.byteLength
}

function tooLarge(code: string, what: string, size: number, limit: number): OnituError {
  return new OnituError(
    code,
    `${what} of ${size} bytes is more than the ${limit} that this server takes; nothing was written. Store it in parts, or raise the limit`,
    { details: { size, limit } },
  )
}
