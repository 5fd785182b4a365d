import { encode, keys } from '@onitu/protocol'
import * as fc from 'fast-check'
import { requestSchemas } from '../../packages/majordomo/src/wire/call-schemas.ts'
import { LETTER } from '../../packages/majordomo/src/wire/link-messages.ts'

const folder = fc.constantFrom(
  'shared',
  'secret',
  '',
  '.',
  '..',
  '../secret',
  '/etc',
  'shared/../secret',
  'ſhared',
  'shared\0',
  'a:b',
)
const path = fc.oneof(
  fc.constantFrom(
    '../secret/plans',
    '/etc/passwd',
    'a/../../b',
    '.onitu/marker',
    'a\0b',
    '..',
    '\ud800',
    'a\u202etxt.exe',
    'e\u0301',
    '\u00e9',
    'a//b',
    'CON',
    `${'x'.repeat(300)}`,
    'd/'.repeat(3000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const key = fc.constantFrom(
  keys.order('server', 'x'),
  keys.outbox('server', 1),
  keys.serviceOptions('server'),
  keys.rules,
  keys.services,
  keys.remote('evil'),
  '../',
  '',
)
const anything = fc.anything({ maxDepth: 3, withNullPrototype: false })
const seen = fc.record({
  type: fc.constantFrom('updated', 'deleted', 'moved', 'x'),
  folder,
  path,
  kind: fc.constantFrom('file', 'directory', 'link'),
  size: fc.oneof(fc.integer(), fc.double()),
  mtime: fc.oneof(fc.double(), fc.constant(null)),
  token: fc.string(),
  hash: fc.string(),
  from: fc.record({ folder, path }),
})
const args = fc.oneof(
  fc.tuple(fc.array(seen, { maxLength: 3 })),
  fc.tuple(folder, path),
  fc.tuple(folder),
  fc.tuple(folder, fc.boolean(), fc.string()),
  fc.tuple(
    fc.constantFrom('get', 'put', 'del', 'range', 'batch', 'clear', 'keys', '__proto__'),
    fc.tuple(key, anything),
  ),
  fc.tuple(fc.integer()),
  anything,
)
const method = fc.oneof(
  fc.constantFrom(...Object.keys(requestSchemas)),
  fc.constantFrom('constructor', '__proto__', 'catchUp', 'close'),
  fc.string(),
)
/** Calls, results, failures, cancels and receipts, as the format of items has them, or nearly. */
const items = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 3, 4), fc.integer()),
      fc.nat(),
      fc.oneof(method, anything),
      args,
      fc.constantFrom(null, null, true),
    ),
    { maxLength: 4 },
  )
  .map((list) => encoded([1, ...list.flat()]))
const letter = fc.oneof(fc.constantFrom(...Object.values(LETTER)), fc.string({ maxLength: 2 }))
const bytes = fc.uint8Array({ maxLength: 200 })
/** Messages of a client: calls with bad arguments, items that are none, other letters, bytes. */
export const hostileMessage = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant(Buffer.from(LETTER.data)), items) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(Buffer.from(LETTER.data)), items, bytes) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      letter.map((text) => Buffer.from(text)),
      fc.oneof(bytes, anything.map(encoded)),
    ),
  },
  { weight: 1, arbitrary: fc.array(bytes, { minLength: 1, maxLength: 4 }) },
)

/** Some made-up values cannot be written: they go as text. */
function encoded(value: unknown): Uint8Array {
  try {
    return encode(value)
  } catch (error) {
    if (error instanceof Error) return Buffer.from(String(error))
    throw error
  }
}
