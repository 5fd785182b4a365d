import * as v from 'valibot'

/** What the launcher asks of Majordomo, over `majordomo-control`. */
export const majordomoRequestSchema = v.variant('type', [
  /** Answered with a MajordomoStatus. */
  v.strictObject({ type: v.literal('status') }),
  /** The list of authorised keys has changed. Answers null when nothing is read from or sent to revoked ones any more. */
  v.strictObject({ type: v.literal('keys') }),
])
export type MajordomoRequest = v.InferOutput<typeof majordomoRequestSchema>

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

export const majordomoStatusSchema = v.object({
  /** A client for each service that was ever connected since Majordomo started. */
  clients: v.array(
    v.object({
      service: v.string(),
      connected: v.boolean(),
      /** ms since 1970: connected since then, or away since then. */
      since: v.number(),
    }),
  ),
  /** Connections that did not come about, because of their key or because they do not speak the protocol, since Majordomo started. */
  refused: count,
  /** Messages dropped because they were not understood or not allowed, since Majordomo started. */
  dropped: count,
})
export type MajordomoStatus = Readonly<v.InferOutput<typeof majordomoStatusSchema>>
