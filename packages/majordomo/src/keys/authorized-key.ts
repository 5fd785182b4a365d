import { checkKey } from '@onitu/escalator/messaging'
import { nameProblem, OnituError } from '@onitu/protocol'
import * as v from 'valibot'

const name = v.pipe(
  v.string(),
  v.check((value) => nameProblem(value) === undefined, 'not a valid name'),
)
const publicKey = v.pipe(
  v.string(),
  v.check((value) => isKey(value), 'not a public key (40 characters of Z85)'),
)
/** ms since 1970. */
const time = v.pipe(v.number(), v.minValue(0))

export const modeSchema = v.picklist(['r', 'w', 'rw'])
/** Said of the service, as in the setup: `r` is only read, that is nothing is ever written there; `w` is never read. */
export type KeyMode = v.InferOutput<typeof modeSchema>

const keySchema = v.strictObject({
  /** What `onitu keys revoke` takes. */
  name,
  publicKey,
  /** The one service that the key may be. */
  service: name,
  folders: v.union([v.literal('all'), v.pipe(v.array(name), v.readonly())]),
  mode: modeSchema,
  authorized: time,
  /** When the key was taken away; null while it is good. Kept, so that status and people can see it. */
  revoked: v.nullable(time),
})
export type AuthorizedKey = Readonly<v.InferOutput<typeof keySchema>>

const listSchema = v.strictObject({ version: v.literal(1), keys: v.array(keySchema) })

/**
 * Parses the list of keys. `source` is for messages.
 * @throws OnituError `INVALID_KEY_LIST`: one that is not understood in full allows nobody, for a key in it may be a revoked one
 */
export function parseAuthorizedKeys(text: string, source: string): readonly AuthorizedKey[] {
  const result = v.safeParse(listSchema, parseJson(text, source))
  if (!result.success) {
    const [issue] = result.issues
    throw invalid(source, `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
  }
  const { keys } = result.output
  const twice = firstTwice(keys.filter(isGood), ['name', 'publicKey', 'service'])
  if (twice !== undefined) throw invalid(source, `two keys that are not revoked have the ${twice}`)
  return keys
}

export function formatAuthorizedKeys(keys: readonly AuthorizedKey[]): string {
  return `${JSON.stringify({ version: 1, keys }, null, 2)}\n`
}

export function isGood({ revoked }: AuthorizedKey): boolean {
  return revoked === null
}

/** The key of a client that has proved to have its secret part; undefined when it is not allowed (any more). */
export function findGoodKey(keys: readonly AuthorizedKey[], publicKey: string): AuthorizedKey | undefined {
  return keys.find((key) => key.publicKey === publicKey && isGood(key))
}

export function isKey(text: string): boolean {
  try {
    checkKey(text, 'A key')
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(source, String(cause), cause)
  }
}

function firstTwice(
  keys: readonly AuthorizedKey[],
  fields: readonly ('name' | 'publicKey' | 'service')[],
): string | undefined {
  for (const field of fields) {
    const values = keys.map((key) => key[field])
    const twice = values.find((value, index) => values.indexOf(value) !== index)
    if (twice !== undefined) return `${field} ${JSON.stringify(twice)}`
  }
  return undefined
}

function invalid(source: string, why: string, cause?: unknown): OnituError {
  return new OnituError(
    'INVALID_KEY_LIST',
    `The list of authorised keys ${source} cannot be used (${why}); mend it, or remove it and authorise the keys again`,
    cause === undefined ? {} : { cause },
  )
}
