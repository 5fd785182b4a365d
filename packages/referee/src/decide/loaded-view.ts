import { type FileRecord, type Head, keys, type Order } from '@onitu/protocol'
import type { Decision } from './draft.ts'
import { MissingData, type View } from './view.ts'

/** What is known of one file: absent parts are known to be absent. */
export interface LoadedFile {
  readonly head: Head | undefined
  readonly records: ReadonlyMap<string, FileRecord>
  readonly orders: ReadonlyMap<string, Order>
}

/** A view over what was loaded, which takes in decisions as they are made. */
export interface LoadedView extends View {
  readonly files: Map<string, LoadedFile>
  /** By `version:FID:N`. */
  readonly versions: Map<string, Head | undefined>
  /** By fid, as they were loaded. */
  readonly histories: Map<string, readonly Head[]>
  /** By fid: heads made since. */
  readonly decided: Map<string, readonly Head[]>
  /** By `service:S:copy:FID`. */
  readonly copies: Map<string, string | undefined>
  /** By `path:F:PATH`. */
  readonly listings: Map<string, readonly string[]>
}

export function createLoadedView(): LoadedView {
  const files = new Map<string, LoadedFile>()
  const versions = new Map<string, Head | undefined>()
  const histories = new Map<string, readonly Head[]>()
  const decided = new Map<string, readonly Head[]>()
  const copies = new Map<string, string | undefined>()
  const listings = new Map<string, readonly string[]>()
  return {
    files,
    versions,
    histories,
    decided,
    copies,
    listings,
    head: (fid) => fileOf(files, fid).head,
    record: (service, fid) => fileOf(files, fid).records.get(service),
    order: (service, fid) => fileOf(files, fid).orders.get(service),
    version(fid, version) {
      const key = keys.version(fid, version)
      if (!versions.has(key)) throw new MissingData({ type: 'version', fid, version })
      return versions.get(key)
    },
    history(fid) {
      const history = histories.get(fid)
      if (history === undefined) throw new MissingData({ type: 'history', fid })
      // What was decided in the same batch is not stored yet, whenever the history was loaded.
      const last = history.at(-1)?.version ?? 0
      return [...history, ...(decided.get(fid) ?? []).filter(({ version }) => version > last)]
    },
    copy(service, fid) {
      const key = keys.copy(service, fid)
      if (!copies.has(key)) throw new MissingData({ type: 'copy', service, fid })
      return copies.get(key)
    },
    below(folder, path) {
      const listed = listings.get(keys.path(folder, path))
      if (listed === undefined) throw new MissingData({ type: 'below', folder, path })
      const prefix = `${path}/`
      const since = [...files].filter(
        ([, { head }]) => head?.folder === folder && !head.deleted && head.path.startsWith(prefix),
      )
      return [...listed, ...since.map(([fid]) => fid)]
    },
  }
}

function fileOf(files: ReadonlyMap<string, LoadedFile>, fid: string): LoadedFile {
  const file = files.get(fid)
  if (file === undefined) throw new MissingData({ type: 'file', fid })
  return file
}

/** Takes a decision in, so that the next one of the same batch builds on it. */
export function applyDecision(view: LoadedView, decision: Decision): void {
  for (const head of decision.heads.values()) {
    view.files.set(head.fid, { ...fileOf(view.files, head.fid), head })
    view.versions.set(keys.version(head.fid, head.version), head)
    view.decided.set(head.fid, [...(view.decided.get(head.fid) ?? []), head])
  }
  for (const [key, fid] of decision.copies) view.copies.set(key, fid)
  for (const [service, orders] of decision.orders) {
    for (const [fid, order] of orders) {
      const file = fileOf(view.files, fid)
      const changed = new Map(file.orders)
      if (order === null) changed.delete(service)
      else changed.set(service, order)
      view.files.set(fid, { ...file, orders: changed })
    }
  }
}
