import type { Condition, Operation } from '../database.ts'
import { fromJsonText } from './json-text.ts'

export type BatchLine =
  | { readonly operation: Operation; readonly condition?: undefined }
  | { readonly condition: Condition; readonly operation?: undefined }

const FORMS = 'expected {"key", "value"}, {"type": "del", "key"}, or {"type": "check", "key", "equals" or "absent"}'

/**
 * A line of `escalator batch`. With `raw` values are bytes, in JSON `{"$bytes": "base64"}`.
 * @throws SyntaxError, TypeError
 */
export function parseOperation(text: string, raw: boolean): BatchLine {
  const line = fromJsonText(text)
  if (typeof line !== 'object' || line === null) throw new TypeError(FORMS)
  const { type = 'put', key, absent, ...rest } = line as Readonly<Record<string, unknown>>
  if (typeof key !== 'string') throw new TypeError(`${FORMS}; key is ${typeof key}`)
  if (type === 'put' && 'value' in rest) return { operation: { type, key, value: checkRaw(rest.value, raw), raw } }
  if (type === 'del' || type === 'delete') return { operation: { type: 'delete', key } }
  if (type === 'check' && absent === true) return { condition: { key, absent } }
  if (type === 'check' && 'equals' in rest) return { condition: { key, equals: checkRaw(rest.equals, raw), raw } }
  throw new TypeError(FORMS)
}

function checkRaw(value: unknown, raw: boolean): unknown {
  if (!raw || value instanceof Uint8Array) return value
  throw new TypeError('with --raw a value is written {"$bytes": "base64"}')
}
