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

/** `history`: the folder in whose history the content is; otherwise a file holds it. */
const wantedChunk = v.object({ fid, hash, history: v.optional(v.string()) })
export type WantedChunk = v.InferOutput<typeof wantedChunk>

/** Most contents of one question about the history. */
const HASHES_PER_REQUEST = 10_000

const restoreSource = v.object({ service: v.string(), fid, history: v.boolean() })

const restoreEntries = {
  folder: v.string(),
  path: v.string(),
  hash,
  size: count,
  /** ms since 1970. */
  mtime: v.nullable(v.number()),
  mode: v.nullable(count),
  /** The version that is brought back. */
  version: count,
  /** Where the content can be had, the best first. */
  sources: v.array(restoreSource),
}
const restore = v.object(restoreEntries)
export type Restore = v.InferOutput<typeof restore>
export type RestoreSource = v.InferOutput<typeof restoreSource>

const offer = v.object({
  folder: v.string(),
  path: v.string(),
  size: count,
  /** ms since 1970. */
  mtime: v.nullable(v.number()),
  mode: v.nullable(count),
  /** The file of this machine that the content is in. */
  from: v.string(),
})
/** A large file that a service has and has told nobody of. */
export type Offer = v.InferOutput<typeof offer>

export const requestSchema = v.variant('type', [
  /** Answered with a `filesReply` and one frame: the contents one after the other. */
  v.object({
    type: v.literal('files'),
    files: v.pipe(v.array(wanted), v.minLength(1), v.maxLength(FILES_PER_REQUEST)),
  }),
  /** Answered with a `chunkReply` and one frame; fewer bytes than asked for only at the end of the file. */
  v.object({
    type: v.literal('chunk'),
    ...wantedChunk.entries,
    offset: count,
    size: v.pipe(count, v.minValue(1), v.maxValue(LARGEST_CHUNK)),
  }),
  /** Answered with a `readingReply`: whether content of one of these files is being read for somebody. */
  v.object({
    type: v.literal('reading'),
    fids: v.pipe(v.array(fid), v.minLength(1), v.maxLength(FILES_PER_REQUEST)),
  }),
  /** Answered with a `pathReply`. */
  v.object({ type: v.literal('path'), fid, hash }),
  /** Answered with a `stagingReply`. */
  v.object({ type: v.literal('staging'), folder: v.string() }),
  /** Answered with a `takeReply`: once a file of this machine is uploaded that nobody was told of, or at once if it is not. */
  v.object({ type: v.literal('take'), ...offer.entries }),
  /** Answered with `{}` when all that had changed in the service before is in the outbox. */
  v.object({ type: v.literal('catchUp') }),
  /** Answered with a `historyReply`: which of the contents the service keeps in the history of a folder. */
  v.object({
    type: v.literal('history'),
    folder: v.string(),
    hashes: v.pipe(v.array(hash), v.maxLength(HASHES_PER_REQUEST)),
  }),
  /** Answered with `{}` when the content is back at the path, as a change of this service that is in its outbox. */
  v.object({ type: v.literal('restore'), ...restoreEntries }),
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

export const readingReplySchema = v.object({ reading: v.boolean() })

export const chunkReplySchema = v.object({ active: count })
/** A file of this machine that holds the content; null: it has to be asked for by chunks. `blocks`: the digests of its blocks; the file is given away. */
export const pathReplySchema = v.object({
  path: v.nullable(v.string()),
  blocks: v.optional(v.instance(Uint8Array)),
})
/** A directory of this machine where a content for the folder may be written; null: there is none. */
export const stagingReplySchema = v.object({ directory: v.nullable(v.string()) })

/** The hash of what was uploaded; null: nothing was. */
export const takeReplySchema = v.object({ hash: v.nullable(hash) })

/** @throws OnituError `PROTOCOL` */
export function parseMessage<const S extends v.GenericSchema>(schema: S, value: unknown, what: string) {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  throw new OnituError('PROTOCOL', `${what} does not fit: ${result.issues[0].message}`)
}
