import * as v from 'valibot'
import { parseDuration } from './parse-duration.ts'
import { parseSize } from './parse-size.ts'

/** How long a service keeps the contents that orders replaced or deleted in a folder. */
export interface HistoryLimits {
  /** ms after which a content is removed. */
  readonly age: number
  /** Bytes of all of them together; null: no limit. */
  readonly size: number | null
}

const DEFAULT_AGE = '30d'

const time = v.custom<string>((value) => parseDuration(value) !== undefined)
const size = v.custom<string | number>((value) => parseSize(value) !== undefined)

/** The folder option `history` as it is written in the setup; `true` is the same as leaving it out. */
export const historyOptionSchema = v.union(
  [v.boolean(), v.strictObject({ age: v.optional(time), size: v.optional(size) })],
  'Expected true, false, or a map of age (a time such as 30d) and size (such as 10G)',
)
type WrittenHistory = v.InferOutput<typeof historyOptionSchema>

/**
 * The limits of a folder in a service; undefined when nothing is kept there. What is written for the folder of the
 * service goes before what is written for the folder, part by part.
 * @throws ValiError when one of them does not fit the schema
 */
export function parseHistoryOptions(folder: unknown, serviceFolder: unknown): HistoryLimits | undefined {
  const [general, own] = [folder, serviceFolder].map((written) => v.parse(v.optional(historyOptionSchema), written))
  const chosen = own ?? general
  if (chosen === false) return undefined
  const { age = DEFAULT_AGE, size: most } = { ...parts(general), ...parts(own) }
  return { age: parseDuration(age) ?? 0, size: parseSize(most) ?? null }
}

function parts(written: WrittenHistory | undefined) {
  return typeof written === 'object' ? written : {}
}
