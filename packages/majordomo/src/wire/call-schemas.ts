import { isFileId, nameProblem, pathProblem } from '@onitu/protocol'
import * as v from 'valibot'

/*
 * The calls between a client and the process of its service. Both sides check what comes in: a client is somebody else's
 * machine, and so is a hub.
 */
const LONGEST_TEXT = 64 * 1024
/** Of one call. More are several calls. */
export const CHANGES_PER_CALL = 1_000
export const FILES_PER_PAGE = 1_000
const MAX_FOLDERS = 1_000
const MAX_HASHES = 10_000

const text = v.pipe(v.string(), v.maxLength(LONGEST_TEXT))
const name = v.pipe(
  v.string(),
  v.check((value) => nameProblem(value) === undefined, 'Expected a name'),
)
/** What keeps files inside their root. */
const path = v.pipe(
  v.string(),
  v.check((value) => pathProblem(value) === undefined, 'Expected a path inside its folder'),
)
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const kind = v.picklist(['file', 'directory'])
const time = v.nullable(v.pipe(v.number(), v.finite()))
const mode = v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0o7777)))
const hash = v.pipe(v.string(), v.maxLength(128))
const token = v.pipe(v.string(), v.maxLength(4096))
const fid = v.pipe(
  v.string(),
  v.check((value) => isFileId(value), 'Expected the id of a file'),
)

const metadataEntries = {
  fid,
  folder: name,
  path,
  kind,
  size: count,
  mtime: time,
  mode,
  hash,
  mimetype: text,
  version: count,
  extra: v.optional(v.unknown()),
}
const metadataSchema = v.object(metadataEntries)
export const knownFileSchema = v.object({ ...metadataEntries, token })

export const storedSchema = v.object({
  token,
  mtime: v.optional(time),
  mode: v.optional(mode),
  extra: v.optional(v.unknown()),
})

const keptSchema = v.object({ hash, size: count })
export const historySchema = v.array(v.object({ hash, size: count, since: v.number() }))

/** `token`, `replaced` and `state` of the contexts, as far as a handler has them. The signal crosses as a cancel. */
const contextSchema = v.object({
  token: v.optional(v.nullable(token)),
  replaced: v.optional(keptSchema),
  state: v.optional(v.unknown()),
})

// The path of a change is checked by the Plug, which tells of one that cannot be used and goes on with the others.
const seenEntries = {
  folder: text,
  path: text,
  kind: v.optional(kind),
  size: count,
  mtime: time,
  mode: v.optional(mode),
  token,
  hash: v.optional(hash),
  extra: v.optional(v.unknown()),
}
const place = v.object({ folder: text, path: text })
const changeSchema = v.variant('type', [
  v.object({ type: v.literal('updated'), ...seenEntries }),
  v.object({ type: v.literal('deleted'), folder: text, path: text }),
  v.object({ type: v.literal('moved'), from: place, ...seenEntries }),
])

export const handlerNames = [
  'normalizePath',
  'getChunk',
  'getFile',
  'setChunkSize',
  'startUpload',
  'restartUpload',
  'uploadChunk',
  'uploadFile',
  'endUpload',
  'abortUpload',
  'deleteFile',
  'moveFile',
  'setAttributes',
  'createDirectory',
  'listHistory',
  'getHistoryChunk',
  'catchUp',
] as const
export type HandlerName = (typeof handlerNames)[number]

/** What a client may ask of the process of its service: the arguments, by method. */
export const requestSchemas = {
  /** Gives `startedSchema`: the driver is about to be started. */
  start: v.strictTuple([]),
  /** Which handlers are registered so far. */
  handlers: v.strictTuple([v.array(v.picklist(handlerNames))]),
  /** The driver serves. */
  listen: v.strictTuple([v.array(v.picklist(handlerNames))]),
  report: v.strictTuple([v.pipe(v.array(changeSchema), v.maxLength(CHANGES_PER_CALL))]),
  getMetadata: v.strictTuple([name, path]),
  /** Gives the number of a listing. */
  list: v.strictTuple([name]),
  /** The next files of a listing; none at its end. */
  listMore: v.strictTuple([count]),
  listEnd: v.strictTuple([count]),
  setAvailable: v.strictTuple([name, v.boolean(), text]),
  problem: v.strictTuple([text, text, v.pipe(v.string(), v.maxLength(100)), text]),
  log: v.strictTuple([v.pipe(v.number(), v.minValue(0), v.maxValue(100)), text]),
  database: v.strictTuple([v.pipe(v.string(), v.maxLength(40)), v.array(v.unknown())]),
}
export type RequestName = keyof typeof requestSchemas

/** What is asked of the handlers of a client: the arguments but contents, by handler. */
export const handlerSchemas = {
  normalizePath: v.strictTuple([name, path]),
  getChunk: v.strictTuple([metadataSchema, count, count, contextSchema]),
  getFile: v.strictTuple([metadataSchema, contextSchema]),
  setChunkSize: v.strictTuple([count]),
  startUpload: v.strictTuple([metadataSchema, contextSchema]),
  restartUpload: v.strictTuple([metadataSchema, count, contextSchema]),
  uploadChunk: v.strictTuple([metadataSchema, count, contextSchema]),
  uploadFile: v.strictTuple([metadataSchema, contextSchema]),
  endUpload: v.strictTuple([metadataSchema, contextSchema]),
  abortUpload: v.strictTuple([metadataSchema, contextSchema]),
  deleteFile: v.strictTuple([metadataSchema, contextSchema]),
  moveFile: v.strictTuple([metadataSchema, metadataSchema, contextSchema]),
  setAttributes: v.strictTuple([metadataSchema, contextSchema]),
  createDirectory: v.strictTuple([metadataSchema, contextSchema]),
  listHistory: v.strictTuple([name, v.pipe(v.array(hash), v.maxLength(MAX_HASHES))]),
  getHistoryChunk: v.strictTuple([name, hash, count, count]),
  catchUp: v.strictTuple([]),
} satisfies Record<HandlerName, v.GenericSchema>

/** What `start` gives. */
export const startedSchema = v.object({
  session: text,
  service: name,
  folders: v.pipe(
    v.array(
      v.object({
        name,
        mode: v.picklist(['r', 'w', 'rw']),
        identity: text,
        known: v.boolean(),
        history: v.optional(v.object({ age: v.number(), size: v.nullable(v.number()) })),
      }),
    ),
    v.maxLength(MAX_FOLDERS),
  ),
})
export type Started = v.InferOutput<typeof startedSchema>
