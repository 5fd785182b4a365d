import { contentHash, type FileRecord, type Head, mimetypeOf, UNREAD_HASH } from '@onitu/protocol'
import type { Change, KeptContent, KnownFile, Metadata, Stored } from './contract.ts'

/** The hash of nothing, which is what directories have. */
export const EMPTY_HASH = contentHash(new Uint8Array())

export function metadataOfRecord(fid: string, record: FileRecord): Metadata {
  const { folder, path, kind, size, mtime, mode, hash, version, extra } = record
  const mimetype = mimetypeOf(path)
  return {
    fid,
    folder,
    path,
    kind,
    size,
    mtime,
    mode,
    hash,
    mimetype,
    version,
    ...(extra === undefined ? {} : { extra }),
  }
}

/**
 * What a service that holds the file is told about it; undefined when it holds none. `mayRead`: what was never read, because the folder
 * was only written then, is given a token that it does not have, so that it is told of again.
 */
export function knownFile(fid: string, record: FileRecord | undefined, mayRead: boolean): KnownFile | undefined {
  if (record === undefined || record.token === null) return undefined
  const isUnread = mayRead && record.hash === UNREAD_HASH
  return { ...metadataOfRecord(fid, record), token: isUnread ? 'unread' : record.token }
}

/** What a driver is told to write. `extra` is what it keeps with the file so far. */
export function metadataOfHead(head: Head, extra?: unknown): Metadata {
  const { fid, folder, path, kind, size, mtime, mode, hash, mimetype, version } = head
  return {
    fid,
    folder,
    path,
    kind,
    size,
    mtime,
    mode,
    hash,
    mimetype,
    version,
    ...(extra === undefined ? {} : { extra }),
  }
}

/** The file record once the service has what the head says, as the driver says that the service shows it. */
export function recordOfStored(head: Head, stored: Stored, previous?: FileRecord): FileRecord {
  const extra = stored.extra ?? previous?.extra
  return {
    folder: head.folder,
    path: head.path,
    kind: head.kind,
    size: head.size,
    hash: head.hash,
    mtime: head.kind === 'directory' ? null : stored.mtime === undefined ? head.mtime : stored.mtime,
    mode: stored.mode === undefined ? head.mode : stored.mode,
    version: head.version,
    token: stored.token,
    reported: 0,
    ...(extra === undefined ? {} : { extra }),
  }
}

/** The file record of a file that the service does not hold, at that version. */
export function absentRecord(head: Head): FileRecord {
  const { folder, path, kind, size, hash, mtime, mode, version } = head
  return { folder, path, kind, size, hash, mtime, mode, version, token: null, reported: 0 }
}

/** The file record once what the service had there was taken away, or moved: whatever is there next, somebody has put it there since. */
export function emptiedRecord(record: FileRecord): FileRecord {
  return { ...record, token: null, emptyAt: record.version }
}

/** What is known of the content that a file has under a token; undefined where that is no file, or in another state. */
export function keptContent(record: FileRecord | undefined, token: string | null): KeptContent | undefined {
  if (record === undefined || token === null || record.token !== token || record.kind !== 'file') return undefined
  return { hash: record.hash, size: record.size }
}

/** What a driver would tell of that had put this there by itself. */
export function changeOfStored({ folder, path, kind, size, mtime, mode, extra }: Metadata, stored: Stored): Change {
  const kept = stored.extra ?? extra
  return {
    type: 'updated',
    folder,
    path,
    kind,
    size,
    mtime: kind === 'directory' ? null : stored.mtime === undefined ? mtime : stored.mtime,
    mode: stored.mode === undefined ? mode : stored.mode,
    token: stored.token,
    ...(kept === undefined ? {} : { extra: kept }),
  }
}
