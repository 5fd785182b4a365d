/** What `onitu history --json` prints. Fields are only ever added. Times are ms since 1970, sizes bytes. */
export interface FileHistory {
  readonly folder: string
  readonly path: string
  /** The newest first. */
  readonly versions: readonly FileVersion[]
  /** Services that could not be asked what they keep: they do not run, or did not answer. */
  readonly unasked: readonly string[]
}

export interface FileVersion {
  readonly version: number
  /** The path at that time: another one before the file was moved here. */
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** Of the content. */
  readonly size: number
  readonly hash: string
  readonly mtime: number | null
  readonly mode: number | null
  /** The service on which it was made. */
  readonly origin: string
  readonly deleted: boolean
  /** This is how the file is now. */
  readonly current: boolean
  /** Paths, where the version came to be by a move. */
  readonly movedFrom: string | null
  readonly movedTo: string | null
  /** Services that hold this content as a file now. */
  readonly heldBy: readonly Holder[]
  /** Services that keep it in their history. */
  readonly keptBy: readonly Keeper[]
}

export interface Holder {
  readonly service: string
  /** Under which file id, for those who fetch it. */
  readonly fid: string
}

export interface Keeper {
  readonly service: string
  /** When it was replaced or deleted there. */
  readonly since: number
}
