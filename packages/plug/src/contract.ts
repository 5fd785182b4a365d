import type { Database } from '@onitu/escalator'
import type { HistoryLimits, Kind } from '@onitu/protocol'
import type { Logger } from 'pino'

/** What is known of a file, as plain data: it may cross process and machine boundaries. */
export interface Metadata {
  readonly fid: string
  readonly folder: string
  /** Relative to the folder, `/` between segments. Validated: it never leaves the root. */
  readonly path: string
  readonly kind: Kind
  /** Bytes. */
  readonly size: number
  /** ms since 1970, fractions kept to the microsecond; null where unknown. */
  readonly mtime: number | null
  /** Permission bits; null where unknown. */
  readonly mode: number | null
  /** See ContentHash in @onitu/protocol. */
  readonly hash: string
  readonly mimetype: string
  readonly version: number
  /** What the driver keeps with the file, as it was last returned or reported. */
  readonly extra?: unknown
}

/** What a driver tells about a file after it wrote it. The token is that of what it wrote, not of what is there now. */
export interface Stored {
  readonly token: string
  /** As the service shows them afterwards, where they may differ from what was asked (coarse times, no modes). */
  readonly mtime?: number | null
  readonly mode?: number | null
  readonly extra?: unknown
}

export interface HandlerContext {
  readonly signal: AbortSignal
}

export interface ReadContext extends HandlerContext {
  /** The state that is wanted. If the file has another (or is gone), fail with `ChangedError`. */
  readonly token: string
}

export interface ChunkContext extends ReadContext {
  /** As long as what is asked for. A driver may put the content here, and give this (or its beginning) instead of a buffer of its own. */
  readonly into?: Uint8Array
}

export interface WriteContext extends HandlerContext {
  /** The state that may be replaced; null: nothing may be there. If it is otherwise, fail with `ConflictError`. */
  readonly token: string | null
  /** What is known of the content in the state `token`, for a driver that keeps contents that are replaced or deleted. */
  readonly replaced?: KeptContent
}

/** A content, for a history. */
export interface KeptContent {
  readonly hash: string
  /** Bytes. */
  readonly size: number
}

/** A content that the service keeps though no file has it any more. */
export interface HistoryEntry extends KeptContent {
  /** When it was replaced or deleted, in ms since 1970. */
  readonly since: number
}

/** Plain data that a driver needs to find its unfinished upload again: a temporary name, an upload id. Kept in the journal. */
export type UploadState = unknown

export interface UploadContext extends HandlerContext {
  readonly state: UploadState
}

export interface CopyContext extends UploadContext {
  /** The absolute name of a file of this machine, of another service. It may be changed or removed at any time. */
  readonly from: string
}

/**
 * What a driver can do for the Plug. All are asynchronous and get an AbortSignal. Which are needed follows from the
 * capabilities; a handler that is missing means that the service cannot do it. Calls for different files run
 * concurrently (a driver may gather calls of one tick into one batch); calls for one file never do.
 */
export interface Handlers {
  /** The path under which the service would store it; throws DriverError if it cannot hold such a name. */
  normalizePath(folder: string, path: string): Promise<string>
  /** `size` bytes at `offset`; fewer only at the end of the file. */
  getChunk(metadata: Metadata, offset: number, size: number, context: ChunkContext): Promise<Uint8Array>
  /** The whole content; used for files up to one chunk. */
  getFile(metadata: Metadata, context: ReadContext): Promise<Uint8Array>
  /** The absolute name of a file of this machine that holds the content: other services read it there, instead of asking for it by chunks. */
  localPath(metadata: Metadata, context: ReadContext): Promise<string>
  /** The Plug proposes a chunk size in bytes; gives the one that the service wants. */
  setChunkSize(size: number): Promise<number>
  /** Prepares to write aside; gives the state that the other upload handlers receive. */
  startUpload(metadata: Metadata, context: WriteContext): Promise<UploadState>
  /** After a crash: gives the offset (<= the one asked) from which the upload may go on; throws if it cannot. */
  restartUpload(metadata: Metadata, offset: number, context: UploadContext): Promise<number>
  uploadChunk(metadata: Metadata, offset: number, chunk: Uint8Array, context: UploadContext): Promise<void>
  /**
   * As `uploadChunk`, of a content that is in a file of this machine: for a driver that reads it faster by itself than it is handed the bytes. `offset`
   * and `size` are multiples of HASH_BLOCK_SIZE. Gives the SHA-256 digests of the blocks of that size that it wrote, 32 bytes each. ChangedError when
   * the file cannot be read, or is not `metadata.size` long.
   */
  copyChunk(metadata: Metadata, offset: number, size: number, context: CopyContext): Promise<Uint8Array>
  /**
   * The absolute name of a directory of this machine, on the file system of the folder, where another process writes a content aside that is about to be uploaded
   * there. It removes what is not taken; where it was killed the driver has to: `stagedBy` says which process a file is of.
   */
  stagingDirectory(folder: string, context: HandlerContext): Promise<string>
  /** Instead of all chunks: the content is the file `from`, in that directory, which the driver takes. ChangedError when it is not there, or is not `metadata.size` long. */
  adoptFile(metadata: Metadata, context: CopyContext): Promise<void>
  /** The whole content in one call, instead of start, chunk and end; used for files up to one chunk. */
  uploadFile(metadata: Metadata, content: Uint8Array, context: WriteContext): Promise<Stored>
  /** Puts what was written aside in its final place, with times and mode. The Plug has verified the hash before. */
  endUpload(metadata: Metadata, context: WriteContext & UploadContext): Promise<Stored>
  /** Removes every trace of the upload. May be called when nothing is left of it. */
  abortUpload(metadata: Metadata, context: UploadContext): Promise<void>
  /** Deletes a file, or a directory if it is empty (else DriverError `NOT_EMPTY`). What is gone already is no error. */
  deleteFile(metadata: Metadata, context: WriteContext & { readonly token: string }): Promise<void>
  /** Renames within the service; ConflictError when something is at the new place. `token` is that of `from`. */
  moveFile(from: Metadata, to: Metadata, context: ReadContext): Promise<Stored>
  /**
   * Sets mtime and mode of what is there under this token and stays what it is; null: as it is. ChangedError when it is gone, or something else. For a directory also
   * called with nothing to set, to know whether that one is still there.
   */
  setAttributes(metadata: Metadata, context: ReadContext): Promise<Stored>
  /** Makes a directory, and those above it; if it is there already that is no error. */
  createDirectory(metadata: Metadata, context: HandlerContext): Promise<Stored>
  /** Those of the contents that the service keeps in the history of the folder. Needs the capability `history`. */
  listHistory(folder: string, hashes: readonly string[], context: HandlerContext): Promise<readonly HistoryEntry[]>
  /** `size` bytes at `offset` of a content in the history; fewer only at its end. ChangedError when it is not kept any more. */
  getHistoryChunk(
    folder: string,
    hash: string,
    offset: number,
    size: number,
    context: HandlerContext,
  ): Promise<Uint8Array>
  /** Resolves when everything that had changed in the service before the call has been reported to the Plug. */
  catchUp(context: HandlerContext): Promise<void>
  close(): Promise<void>
}

/** Facts about a service, declared once, read by the Plug and by the conformance suite. */
export interface Capabilities {
  /** The final name holds the old or the new content at every instant. */
  readonly atomicReplace: boolean
  /** A write under a stale token is refused by the service itself. Otherwise the Plug re-checks just before. */
  readonly conditionalWrite: boolean
  readonly rangedRead: boolean
  readonly resumableUpload: boolean
  /** Chunks of one upload that `uploadChunk` may be given at once; they then arrive in any order. Default 1. */
  readonly parallelChunks?: number
  /** Until `endUpload`, an upload makes nothing of `hash` and `version`: large files may be uploaded before they are known. Default false. */
  readonly hashAtEnd?: boolean
  readonly nativeMove: boolean
  readonly directories: boolean
  readonly mtime: boolean
  readonly mode: boolean
  readonly caseSensitive: boolean
  /** Changes within so many ms may leave the token the same. */
  readonly tokenGranularity: number
  /** Keeps what orders replace and delete, as the folder's option says (`ServiceFolder.history`). Default false. */
  readonly history?: boolean
}

export type OptionValue = string | number | boolean

export interface OptionDeclaration {
  /** `size`: bytes, written as a number or as `4M`, `500ki`; the driver gets a number. */
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'enumerate' | 'size'
  readonly description: string
  /** An option without a default is required. */
  readonly default?: OptionValue
  readonly values?: readonly string[]
  readonly min?: number
  readonly max?: number
}

/** Validates the setup before anything starts. Every driver also has the options `velocity` and `chunk_size`. */
export interface Manifest {
  /** As in the setup: `local-storage`. */
  readonly name: string
  readonly description: string
  /** 0..1, higher is asked first as a source. The option `velocity` of a service overrides it. */
  readonly velocity: number
  readonly capabilities: Capabilities
  readonly options: Readonly<Record<string, OptionDeclaration>>
  /** How the path of a folder is written in the setup: `directory` paths are relative to the setup file, `opaque` is the driver's own. Default `directory`. */
  readonly folderPath?: 'directory' | 'opaque'
}

/** A file as a driver sees it in its service. */
export interface Seen {
  readonly folder: string
  readonly path: string
  /** Default `file`. */
  readonly kind?: Kind
  readonly size: number
  readonly mtime: number | null
  readonly mode?: number | null
  readonly token: string
  /** If the driver has read the content in this state already. Otherwise the Plug reads it (getFile, getChunk) to know it. */
  readonly hash?: string
  readonly extra?: unknown
}

/** What a driver tells its Plug. Reports are cheap to repeat: what the Plug knows already has no effect. */
export type Change =
  | ({ readonly type: 'updated' } & Seen)
  | { readonly type: 'deleted'; readonly folder: string; readonly path: string }
  | ({ readonly type: 'moved'; readonly from: { readonly folder: string; readonly path: string } } & Seen)

/** A folder of this service, as the setup has it. */
export interface ServiceFolder {
  readonly name: string
  /** Where it is in the service; for `directory` paths absolute. */
  readonly path: string
  readonly mode: 'r' | 'w' | 'rw'
  /** What the identity marker in the root has to hold: the same for every service of this folder, different for every folder and session. */
  readonly identity: string
  /** False until the service has had this folder for the first time: only then its root may be made. */
  readonly known: boolean
  /** How long contents that orders replaced or deleted are kept, by a driver that can; absent: not at all. */
  readonly history?: HistoryLimits
}

/** What a driver may ask of and tell its Plug. The class Plug fulfils it. */
export interface DriverPlug {
  /** The name of the service. */
  readonly name: string
  readonly session: string
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly logger: Logger
  /** Whatever the driver wants to keep, under its own prefix. */
  readonly serviceDb: Database
  handler<N extends keyof Handlers>(name: N, handler: Handlers[N]): void
  /** Resolves when the changes are durable (or were known already). Changes of one call and of one tick are written together. */
  report(changes: readonly Change[]): Promise<void>
  updateFile(seen: Seen): Promise<void>
  deleteFile(folder: string, path: string): Promise<void>
  moveFile(from: { readonly folder: string; readonly path: string }, to: Seen): Promise<void>
  /** What the Plug knows of a file that the service holds; undefined when it holds none. `token` is the last seen. */
  getMetadata(folder: string, path: string): Promise<KnownFile | undefined>
  exists(folder: string, path: string): Promise<boolean>
  /** All that the service is known to hold in a folder, in no useful order, streamed. What is reported or written while it is asked for may be in it or not (see `reconcileKnown`). */
  list(folder: string): AsyncIterable<KnownFile>
  /** An unavailable folder gets no orders and its reports are dropped, so nothing is deleted because of it. */
  setAvailable(folder: string, available: boolean, reason?: string): Promise<void>
  /** A file that the driver leaves alone or cannot read. */
  problem(folder: string, path: string, code: string, reason: string): void
  /**
   * The call of the handler that got this signal goes on, though it takes long: its deadline begins anew. Without a signal: all calls do, for they wait
   * for a limit that the setup gives the service. For a driver that itself gives up what does not go on.
   */
  atWork(signal?: AbortSignal): void
  /**
   * Offers a large file of this machine that was not reported yet, before it is read to know its hash: where one other service gets all of the folder, that one may
   * upload it at once. Resolves to the hash when it has, which may take as long as the upload, or to undefined. Then the file is reported as ever, with that hash: if it
   * is still in the state in which it was offered. `from`: its absolute path.
   */
  offerFile(file: OfferedFile, from: string): Promise<string | undefined>
  /** Serves orders and other Plugs until the service closes. Handlers and `folders` are in use from here on. */
  listen(): Promise<void>
}

/** What will be reported of a file. */
export type OfferedFile = Pick<Metadata, 'folder' | 'path' | 'size' | 'mtime' | 'mode'>

/** A file that the service holds, with the token last seen. */
export interface KnownFile extends Metadata {
  readonly token: string
}
