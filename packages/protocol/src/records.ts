import * as v from 'valibot'
import { OnituError } from './errors.ts'
import { isFileId } from './fid.ts'
import { nameProblem, pathProblem } from './names.ts'

/*
 * The shapes of what the database holds. Sizes are bytes, times are ms since 1970 (fractions kept to the microsecond),
 * modes are the permission bits (0o777), versions and sequence numbers are positive integers (0: none yet).
 * Each record has its schema here and is parsed when it is read: a record that does not fit is an error that names its key.
 */

const name = v.pipe(
  v.string(),
  v.check((value) => nameProblem(value) === undefined, 'not a valid name'),
)
const path = v.pipe(
  v.string(),
  v.check((value) => pathProblem(value) === undefined, 'not a valid path'),
)
const fid = v.pipe(
  v.string(),
  v.check((value) => isFileId(value), 'not a file id'),
)
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const size = count
const mode = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o7777)))
const mtime = v.nullable(v.number())
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

export const kindSchema = v.picklist(['file', 'directory'])
export type Kind = v.InferOutput<typeof kindSchema>

/** What one content looks like from outside. A directory has size 0 and the hash of nothing. */
const content = { kind: kindSchema, size, hash, mtime, mode }

/** `file:FID`: what the hub holds for a path. `version:FID:N` keeps each of them. Written by the Referee. */
export const headSchema = v.object({
  fid,
  folder: name,
  path,
  ...content,
  version: count,
  mimetype: v.string(),
  /** The service where this version was made. */
  origin: name,
  /** A tombstone. Size, hash and times are those of what was deleted. */
  deleted: v.boolean(),
  /** The versions that this one replaces or combines. */
  parents: v.array(count),
  /** Set when this version came to be by a move, from or to this file id. */
  movedFrom: v.optional(fid),
  movedTo: v.optional(fid),
})
export type Head = v.InferOutput<typeof headSchema>

/** `service:S:order:FID`: the version that S should have. Written by the Referee, removed by the Plug of S by a conditional batch. */
export const orderSchema = v.object({
  version: count,
  /** S may hold the content under this file id and then only has to rename it. */
  movedFrom: v.optional(fid),
  /** What S holds here belongs to that file id since that version: it has to be moved there before anything else happens here. */
  movedTo: v.optional(v.object({ fid, version: count })),
  /** Only mtime or mode changed: where the content is the head's already, they are set. */
  attributes: v.optional(v.boolean()),
  /** What S reported with this hash has been considered and may be replaced or deleted. */
  replaces: v.optional(hash),
  /** What S holds with this hash was put in the place of this version and is kept out of the hub: S has seen the version, and stays as it is. */
  keeps: v.optional(hash),
  /** S has reported the content of this version by itself: what it tells of next is built on it. */
  seen: v.optional(v.boolean()),
})
export type Order = v.InferOutput<typeof orderSchema>

/** Something that a driver was told to put at a place. `renamed`: by renaming what it had elsewhere. */
const writingSchema = v.object({ version: count, hash, size, renamed: v.optional(v.literal(true)) })
export type Writing = v.InferOutput<typeof writingSchema>

/** `service:S:file:FID`: what S holds, as its Plug last knew. Written by the Plug of S. */
export const fileRecordSchema = v.object({
  folder: name,
  path,
  ...content,
  /** The version that S last agreed on (its base); 0 when none yet. */
  version: count,
  /** The driver's cheap proof of the state. Null when S does not hold the file now. */
  token: v.nullable(v.string()),
  /** The sequence number of the last observation about this file; while that is in the outbox, it is undecided. 0: none. */
  reported: count,
  /**
   * What the driver was told to put here, the newest last, where it could not be told from the work of a user if the process died before it is
   * noted; beside `UNREAD_HASH` also what it is known to have put here last.
   */
  writing: v.optional(v.array(writingSchema)),
  /**
   * Where S has nothing: the version at which it is known to have had nothing here (0: never). That is `version` where what was here was taken away, or moved, and an older one where S
   * agreed on `version` without a look, since that is a directory and S has none. What was put here for this version or an older one is not here any more.
   */
  emptyAt: v.optional(count),
  /** The driver's own, opaque to the rest. */
  extra: v.optional(v.unknown()),
})
export type FileRecord = v.InferOutput<typeof fileRecordSchema>

/** S has no directories: a file there says nothing of what is below its name, which may be there as well. */
const flat = v.optional(v.literal(true))
const updated = v.object({
  type: v.literal('updated'),
  fid,
  folder: name,
  path,
  base: count,
  ...content,
  /** It is what the driver was told to put here for the version `base`, and said nothing of: no user did it. */
  ordered: v.optional(v.literal(true)),
  /** It was put here by renaming it, so it was there before anything that the same service has made at the old place since. */
  renamed: v.optional(v.literal(true)),
  flat,
  /** The version at which S is known to have had nothing here before: see FileRecord. */
  emptyAt: v.optional(count),
  /** The last version that there was when the process that tells of it started: nothing that is younger was put here without being noted. */
  unnotedUntil: v.optional(count),
})
const deleted = v.object({ type: v.literal('deleted'), fid, folder: name, path, base: count, kind: kindSchema })
const moved = v.object({
  type: v.literal('moved'),
  fid,
  folder: name,
  path,
  /** The version that S had at the new path (0: none). */
  base: count,
  ...content,
  from: v.object({ fid, folder: name, path, base: count }),
  flat,
})

/** `service:S:outbox:SEQ`: what a driver saw. `base` is the version that S last agreed on. Written by the Plug of S, removed by the Referee. */
export const observationSchema = v.variant('type', [updated, deleted, moved])
export type Observation = v.InferOutput<typeof observationSchema>

/** `service:S:transfer:FID`: journal of a running transfer. Written by the Plug of S. */
export const transferSchema = v.object({
  version: count,
  hash,
  /** The file that is uploaded before there is a version, or a hash: see EarlyUploads of the Plug. */
  early: v.optional(
    v.object({ folder: name, path, size: count, mtime: v.nullable(v.number()), mode: v.nullable(count) }),
  ),
  /** Bytes verified and written; a multiple of the hash block size. */
  offset: count,
  /** Digests of the verified blocks, 32 bytes each. */
  blocks: v.instance(Uint8Array),
  /** What startUpload of the driver returned: its temporary name, upload id… */
  state: v.unknown(),
})
export type Transfer = v.InferOutput<typeof transferSchema>

/** `service:S:failure:FID`: why an order is not carried out yet. Written by the Plug of S, removed on success. */
export const failureSchema = v.object({
  folder: v.string(),
  path: v.string(),
  code: v.string(),
  message: v.string(),
  attempts: count,
  since: v.number(),
})
export type Failure = v.InferOutput<typeof failureSchema>

/** `conflict:FID`, FID being the conflict copy. Written by the Referee, removed when the copy is gone. */
export const conflictSchema = v.object({
  fid,
  folder: name,
  path,
  copyPath: path,
  /** The service whose content kept the path, and the one whose content became the copy. */
  winner: name,
  loser: name,
  /** The version that kept the path. */
  version: count,
})
export type Conflict = v.InferOutput<typeof conflictSchema>

/**
 * `service:S:held:F:KIND:FID`: the observation of a deletion, as it was, that is decided only when somebody approves it.
 * Written by the Referee, in the batch that removes the observation from the outbox.
 */
export const heldDeletionSchema = deleted
export type HeldDeletion = v.InferOutput<typeof heldDeletionSchema>

/** A version of a file that somebody saw. */
const seen = v.object({ fid, version: count })

/**
 * `request:ID`: what somebody asks of the Referee. Written by the launcher; removed by the Referee in the batch that
 * writes the answer, or by a launcher that waits no longer, and then nothing more of it is done.
 */
export const refereeRequestSchema = v.variant('type', [
  v.object({
    type: v.literal('resolve'),
    /** What is at the path now, and the copies beside it. If one has another version by then, nothing is done. */
    original: seen,
    copies: v.array(seen),
    /** Which of them stays, and the service that it came from. Null: all. */
    keep: v.nullable(v.object({ fid, service: name })),
  }),
  v.object({
    type: v.picklist(['approve', 'reject']),
    /** Whose held deletions, and where. Null: of all services, in all folders. */
    service: v.nullable(name),
    folder: v.nullable(name),
    /** What was done until now, in batches that were committed. */
    files: count,
    directories: count,
  }),
])
export type RefereeRequest = v.InferOutput<typeof refereeRequestSchema>

/** `answer:ID`: what came of a request. Written by the Referee, removed by the launcher. */
export const refereeAnswerSchema = v.variant('type', [
  v.object({ type: v.literal('resolved') }),
  v.object({ type: v.literal('judged'), files: count, directories: count }),
  /** Nothing (more) was done. */
  v.object({ type: v.literal('refused'), code: v.string(), message: v.string() }),
])
export type RefereeAnswer = v.InferOutput<typeof refereeAnswerSchema>

/** `service:S:state`. Written by the Plug of S. */
export const serviceStateSchema = v.object({
  folders: v.record(
    v.string(),
    v.object({
      available: v.boolean(),
      reason: v.optional(v.string()),
      /** False: the service never had the folder, so its root may still be made. */
      known: v.optional(v.literal(false)),
    }),
  ),
})
export type ServiceState = v.InferOutput<typeof serviceStateSchema>

/**
 * Parses a value that came from the database or a socket.
 * @throws OnituError `INVALID_RECORD` naming what was read, where it does not fit and what was expected.
 */
export function parseRecord<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const at = v.getDotPath(issue)
  throw new OnituError(
    'INVALID_RECORD',
    `${what} does not fit its schema${at === null ? '' : ` at "${at}"`}: ${issue.message}`,
  )
}
