import { historyOptionSchema, parseSize } from '@onitu/protocol'
import * as v from 'valibot'
import { type Matcher, matchGlob, matchPath } from './match-glob.ts'

/** Where in a written value something is wrong, and what. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const size = v.custom<string | number>(
  (value) => parseSize(value) !== undefined,
  'Expected a size in bytes, such as 1024, 10M or 2 Gi',
)
const patterns = v.array(v.pipe(v.string(), v.minLength(1, 'Expected a pattern, got an empty text')))

const holdDeletions = v.union(
  [
    v.boolean(),
    v.strictObject({
      files: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      share: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    }),
  ],
  'Expected true, false, or { files, share } with a number of files and a share between 0 and 1',
)

/** How a folder's options are written in the setup; all may be left out. */
const folderOptionsSchema = v.strictObject({
  mimetypes: v.optional(patterns),
  file_size: v.optional(v.strictObject({ min: v.optional(size), max: v.optional(size) })),
  blacklist: v.optional(patterns),
  whitelist: v.optional(patterns),
  /** Is for the services; the Referee only checks it. */
  history: v.optional(historyOptionSchema),
  conflict: v.optional(
    v.union(
      [v.picklist(['newest', 'oldest', 'largest']), v.array(v.string())],
      'Expected newest, oldest, largest, or a list of services',
    ),
  ),
  hold_deletions: v.optional(holdDeletions),
})

/** The same for a folder of a service, which also has a mode. */
const serviceFolderOptionsSchema = v.strictObject({
  ...v.omit(folderOptionsSchema, ['conflict', 'hold_deletions']).entries,
  mode: v.optional(v.picklist(['r', 'w', 'rw'], 'Expected r, w or rw')),
})

export type ConflictPolicy = 'newest' | 'oldest' | 'largest' | readonly string[]
export type Mode = 'r' | 'w' | 'rw'

/** What a folder, or a folder of a service, lets pass. Absent parts accept everything. */
export interface Filter {
  readonly minSize: number | undefined
  readonly maxSize: number | undefined
  readonly mimetypes: Matcher | undefined
  readonly blacklist: Matcher | undefined
  readonly whitelist: Matcher | undefined
}

/** Deletions of one service in one go beyond both are held: more files than this, and more than this share of the folder's files. */
export interface DeletionLimit {
  readonly files: number
  /** 0 to 1. */
  readonly share: number
}

export interface FolderOptions extends Filter {
  readonly conflict: ConflictPolicy
  /** Undefined: no deletion is held. */
  readonly deletionLimit: DeletionLimit | undefined
}

export interface ServiceFolderOptions extends Filter {
  readonly mode: Mode
}

/** Everything wrong with written folder options; empty when they are fine. Absent options are fine. */
export function folderOptionsProblems(value: unknown): Problem[] {
  return problems(folderOptionsSchema, value ?? {})
}

export function serviceFolderOptionsProblems(value: unknown): Problem[] {
  return problems(serviceFolderOptionsSchema, value ?? {})
}

/** @throws ValiError when `folderOptionsProblems` would name any. */
export function parseFolderOptions(value: unknown): FolderOptions {
  const written = v.parse(folderOptionsSchema, value ?? {})
  return {
    ...parseFilter(written),
    conflict: written.conflict ?? 'newest',
    deletionLimit: parseLimit(written.hold_deletions),
  }
}

export function parseServiceFolderOptions(value: unknown): ServiceFolderOptions {
  const written = v.parse(serviceFolderOptionsSchema, value ?? {})
  return { ...parseFilter(written), mode: written.mode ?? 'rw' }
}

/** Each issue of a schema as a problem with its place. */
export function problems(schema: v.GenericSchema, value: unknown): Problem[] {
  const result = v.safeParse(schema, value)
  if (result.success) return []
  return result.issues.map((issue) => ({
    path: (issue.path ?? []).map((item) => item.key as string | number),
    message:
      issue.type === 'strict_object' && issue.expected === 'never' ? `Unknown key ${issue.received}` : issue.message,
  }))
}

const DEFAULT_LIMIT: DeletionLimit = { files: 100, share: 0.5 }

function parseLimit(written: v.InferOutput<typeof holdDeletions> | undefined): DeletionLimit | undefined {
  if (written === false) return undefined
  const { files, share } = typeof written === 'object' ? written : {}
  return { files: files ?? DEFAULT_LIMIT.files, share: share ?? DEFAULT_LIMIT.share }
}

type WrittenFilter = Omit<v.InferOutput<typeof folderOptionsSchema>, 'conflict' | 'hold_deletions'>

function parseFilter(written: WrittenFilter): Filter {
  return {
    minSize: parseSize(written.file_size?.min),
    maxSize: parseSize(written.file_size?.max),
    mimetypes: unlessEmpty(written.mimetypes, matchGlob),
    blacklist: unlessEmpty(written.blacklist, matchPath),
    whitelist: unlessEmpty(written.whitelist, matchPath),
  }
}

// An empty list is what remains when somebody deletes the last entry: it means "no such option", not "nothing passes".
function unlessEmpty(list: readonly string[] | undefined, compile: (patterns: readonly string[]) => Matcher) {
  return list === undefined || list.length === 0 ? undefined : compile(list)
}
