import { isFileId, OnituError } from '@onitu/protocol'
import * as v from 'valibot'

/*
 * What passes between Plugs, and between the launcher and a Plug. Binary contents are frames behind the answer.
 */

const fid = v.pipe(
  v.string(),
  v.check((value) => isFileId(value), 'not a file id'),
)
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Most files of one request. */
export const FILES_PER_REQUEST = 64
/** Most bytes of one request for whole files, unless it asks for one file only. */
export const BYTES_PER_REQUEST = 2 * 1024 * 1024
/** A socket takes frames up to 64 MiB. */
const LARGEST_CHUNK = 32 * 1024 * 1024

const wanted = v.object({ fid, hash })
export type Wanted = v.InferOutput<typeof wanted>

export const requestSchema = v.variant('type', [
  /** Answered with a `filesReply` and one frame: the contents one after the other. */
  v.object({
    type: v.literal('files'),
    files: v.pipe(v.array(wanted), v.minLength(1), v.maxLength(FILES_PER_REQUEST)),
  }),
  /** Answered with a `chunkReply` and one frame; fewer bytes than asked for only at the end of the file. */
  v.object({
    type: v.literal('chunk'),
    fid,
    hash,
    offset: count,
    size: v.pipe(count, v.minValue(1), v.maxValue(LARGEST_CHUNK)),
  }),
  /** Answered with `{}` when all that had changed in the service before is in the outbox. */
  v.object({ type: v.literal('catchUp') }),
  /** Answered with the counters of the service. */
  v.object({ type: v.literal('ping') }),
])

const wireError = v.object({
  code: v.string(),
  message: v.string(),
  retryable: v.boolean(),
  details: v.record(v.string(), v.unknown()),
})

/** `active`: how many requests for content that service is answering, so that others can choose the least busy. */
export const filesReplySchema = v.object({
  active: count,
  results: v.array(v.union([v.object({ size: count }), v.object({ error: wireError })])),
})
export type FilesReply = v.InferOutput<typeof filesReplySchema>

export const chunkReplySchema = v.object({ active: count })

/** @throws OnituError `PROTOCOL` */
export function parseMessage<const S extends v.GenericSchema>(schema: S, value: unknown, what: string) {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  throw new OnituError('PROTOCOL', `${what} does not fit: ${result.issues[0].message}`)
}
