/**
 * A file that was changed in two places at once: what is at its path, and a copy for each other content. What `onitu conflicts
 * --json` prints, as a list. Fields are only ever added. Times are ms since 1970, sizes bytes.
 */
export interface ConflictedFile {
  readonly folder: string
  /** Where the file is now. */
  readonly path: string
  /** What is at the path. */
  readonly original: ConflictSide
  /** The oldest first. */
  readonly copies: readonly ConflictCopy[]
}

export interface ConflictSide {
  readonly fid: string
  readonly version: number
  /** The service that this content came from. */
  readonly service: string
  readonly kind: 'file' | 'directory'
  readonly size: number
  readonly mtime: number | null
  /** It is there no more. */
  readonly deleted: boolean
}

export interface ConflictCopy extends ConflictSide {
  readonly path: string
  /** The service whose content kept the path then. */
  readonly winner: string
}

/** What `onitu resolve` did. */
export interface Resolution {
  readonly folder: string
  readonly path: string
  /** The service whose content is at the path now; null when all files stay as they are. */
  readonly keep: string | null
  /** Paths of the copies that are in no conflict any more. Unless all stay, none of them is there any more. */
  readonly copies: readonly string[]
}
