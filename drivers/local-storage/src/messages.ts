import type { Change, HistoryEntry, KeptContent, Metadata, OfferedFile, Seen, ServiceFolder, Stored } from '@onitu/plug'

/** What the worker needs of a file to find it. */
export interface Place {
  readonly folder: string
  readonly path: string
}

/** What the worker needs of a file to write it. */
export type Target = Pick<Metadata, 'fid' | 'folder' | 'path' | 'kind' | 'size' | 'version' | 'hash' | 'mtime' | 'mode'>

/** What gets its final name, and what it may replace. */
export interface Replacement {
  readonly target: Target
  readonly token: string | null
  readonly replaced: KeptContent | undefined
}

export interface WorkerOptions {
  readonly folders: readonly ServiceFolder[]
  readonly fsync: boolean
  /** Seconds between full scans. */
  readonly scanInterval: number
}

/** What the worker reports, before the main thread adds the hash of a moved file. */
export type FoundChange = Change | MovedFile

/** `fromToken`: the state in which the Plug knew the file; with it the main thread finds the hash, so that nothing is read again. */
export type MovedFile = { readonly type: 'moved'; readonly from: Place; readonly fromToken: string } & Seen

/** What the main thread asks of the worker. */
export interface WorkerMethods {
  start(options: WorkerOptions): Promise<void>
  /** A part of what listKnown asked for. */
  known(input: { folder: string; files: readonly KnownToken[] }): Promise<void>
  catchUp(input: null): Promise<void>
  close(input: null): Promise<void>
  getFile(input: Place & { token: string }): Promise<Uint8Array>
  getChunk(input: Place & { token: string; offset: number; size: number }): Promise<Uint8Array>
  localPath(input: Place & { token: string }): Promise<string>
  uploadFile(input: Replacement & { content: Uint8Array }): Promise<Stored>
  startUpload(input: { target: Target; token: string | null }): Promise<void>
  restartUpload(input: { target: Target; offset: number }): Promise<number>
  uploadChunk(input: { target: Target; offset: number; chunk: Uint8Array }): Promise<void>
  copyChunk(input: { target: Target; from: string; offset: number; size: number }): Promise<Uint8Array>
  stagingDirectory(folder: string): Promise<string>
  adoptFile(input: { target: Target; from: string }): Promise<void>
  endUpload(input: Replacement): Promise<Stored>
  abortUpload(input: { target: Target }): Promise<void>
  deleteFile(input: { target: Target; token: string }): Promise<void>
  moveFile(input: { from: Target; to: Target; token: string }): Promise<Stored>
  setAttributes(input: { target: Target; token: string }): Promise<Stored>
  createDirectory(input: { target: Target }): Promise<Stored>
  listHistory(input: { folder: string; hashes: readonly string[] }): Promise<readonly HistoryEntry[]>
  getHistoryChunk(input: { folder: string; hash: string; offset: number; size: number }): Promise<Uint8Array>
}

/** What the worker asks of the main thread. */
export interface MainMethods {
  report(changes: readonly FoundChange[]): Promise<void>
  setAvailable(input: { folder: string; available: boolean; reason?: string }): Promise<void>
  /** Streams what is known, by calling `known` back in parts, and resolves after the last one. */
  listKnown(folder: string): Promise<void>
  problem(input: Place & { code: string; reason: string }): void
  /** See DriverPlug.offerFile. `from`: its absolute path. */
  offer(input: { file: OfferedFile; from: string }): Promise<string | undefined>
  log(input: { level: 'warn' | 'info'; message: string }): void
}

/** One file that the Plug knows: path and token. */
export type KnownToken = readonly [path: string, token: string]
