import type { FileRecord, Head, Order } from '@onitu/protocol'

/**
 * What decisions read: plain data, already loaded. Which files a decision touches is known only while it is made (the
 * name of a conflict copy, what is below a directory), so a view throws `MissingData` for what it does not hold; the
 * shell loads that and decides again. This keeps the decisions synchronous and pure.
 */
export interface View {
  head(fid: string): Head | undefined
  record(service: string, fid: string): FileRecord | undefined
  order(service: string, fid: string): Order | undefined
  /** A head of the past. */
  version(fid: string, version: number): Head | undefined
  /** All heads that a file has had, the oldest first. */
  history(fid: string): readonly Head[]
  /** The fid of the copy that stands for what a read-only service holds at a path it lost in a conflict. */
  copy(service: string, fid: string): string | undefined
  /** The fids of all that lived below a directory when it was loaded, or came to live there since. */
  below(folder: string, path: string): readonly string[]
}

export type Needed =
  | { readonly type: 'file'; readonly fid: string }
  | { readonly type: 'version'; readonly fid: string; readonly version: number }
  | { readonly type: 'history'; readonly fid: string }
  | { readonly type: 'copy'; readonly service: string; readonly fid: string }
  | { readonly type: 'below'; readonly folder: string; readonly path: string }

/** Not a failure: a request for data. It is caught in one place (decide-many.ts). */
export class MissingData extends Error {
  readonly needed: Needed

  constructor(needed: Needed) {
    super(`Needs ${JSON.stringify(needed)}`)
    this.needed = needed
  }
}
