import type { WatchEvent } from '../database.ts'
import { asBuffer, type Key, keyBytes } from '../wire/key.ts'
import { decodeValue } from './decode-value.ts'
import type { Change } from './watch.ts'

export interface EventForms {
  readonly raw?: boolean
  readonly rawKeys?: boolean
}

/** `own`: the length of the prefix of the database, which its keys are shown without. */
export function createToEvent(own: number, { raw, rawKeys }: EventForms) {
  return (change: Change | undefined, position: string): WatchEvent<unknown, Key> => {
    if (change === undefined) return { type: 'rescan', position }
    const bytes = asBuffer(keyBytes(change.key)).subarray(own)
    const key = rawKeys === true ? new Uint8Array(bytes) : bytes.toString()
    if (change.value === null) return { type: 'delete', key, position }
    return { type: 'put', key, value: decodeValue(change.value, raw), position }
  }
}
