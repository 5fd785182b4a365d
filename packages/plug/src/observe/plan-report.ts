import { type FileRecord, type Observation, UNREAD_HASH, type Writing } from '@onitu/protocol'
import type { Seen } from '../contract.ts'
import { EMPTY_HASH, emptiedRecord } from '../metadata.ts'
import { type CheckedChange, divideMove, fidsOf } from './checked-change.ts'

export type Records = ReadonlyMap<string, FileRecord | undefined>

export type ReportStep =
  /** Nothing that the Plug did not know. */
  | { readonly type: 'known' }
  /** What is there has to be read, or looked at, before it can be said whether this is a change. */
  | { readonly type: 'needs_hash'; readonly own?: readonly string[] }
  /** The same content under another token: the record follows, nobody is told. */
  | { readonly type: 'renewed'; readonly records: readonly (readonly [fid: string, record: FileRecord])[] }
  | {
      readonly type: 'observed'
      readonly observation: Observation
      readonly records: readonly (readonly [fid: string, record: FileRecord])[]
    }

/** What one change means, given what the Plug knows. `sequence` becomes the observation's number if there is one. */
function planChange(checked: CheckedChange, records: Records, sequence: number): ReportStep {
  const { change, fid, from } = checked
  if (change.type === 'deleted') {
    return checked.isDoubted === true ? { type: 'needs_hash' } : planDeletion(fid, records.get(fid), sequence)
  }
  const source = from === undefined ? undefined : records.get(from)
  const isUpdate = change.type === 'updated' || from === undefined || !isHeldAs(source, kindOf(change))
  if (checked.isDoubted === true && kindOf(change) === 'directory') {
    const isHeld = isUpdate && isHeldDirectory(records.get(fid))
    if (isHeld && change.token === records.get(fid)?.token) return { type: 'known' }
    if (checked.isProvable === true) return { type: 'needs_hash' }
    if (isHeld && checked.isLast !== true) return { type: 'known' }
  }
  if (isUpdate) return planUpdate(checked, change, records.get(fid), sequence)
  if (checked.isFromDoubted === true) return { type: 'needs_hash' }
  return planMove(checked, from, change, records.get(fid), source, sequence)
}

/** Of a move: what was moved is there, and nothing of the other kind that an order has made in its place since. */
function isHeldAs(source: FileRecord | undefined, kind: FileRecord['kind']): source is FileRecord {
  return source !== undefined && source.token !== null && source.kind === kind
}

/**
 * That there is a directory is known; whether it is the one that was seen is asked of the driver, and so it is where there should be none, since an order
 * may have deleted it. Where the driver cannot tell, the last news is taken to have been seen after the order had made one: if it is another, that is gone, and
 * this is a later one.
 */
function isHeldDirectory(record: FileRecord | undefined): boolean {
  return record !== undefined && record.token !== null && record.kind === 'directory'
}

function planDeletion(fid: string, record: FileRecord | undefined, sequence: number): ReportStep {
  if (record === undefined || record.token === null) return { type: 'known' }
  const { folder, path, kind, version } = record
  return {
    type: 'observed',
    observation: { type: 'deleted', fid, folder, path, base: version, kind },
    records: [[fid, { ...record, token: null, reported: sequence }]],
  }
}

function planUpdate(
  { fid, isUnheard, isFlat, unnotedUntil }: CheckedChange,
  seen: Seen,
  record: FileRecord | undefined,
  sequence: number,
): ReportStep {
  const isHeard = isUnheard !== true
  const held = record !== undefined && record.token !== null && record.kind === kindOf(seen) ? record : undefined
  // A driver that has read the content again under the same token (two writes within its granularity) gives a hash.
  const known = held?.token === seen.token ? knownHash(held) : undefined
  const hash = hashOf(seen)
  // Nor does it matter that it was not read, where it is known under that token, or was not read before.
  if (known !== undefined && (seen.hash === undefined || hash === known || hash === UNREAD_HASH))
    return { type: 'known' }
  if (hash === UNREAD_HASH && held?.hash === hash && held.token === seen.token) return { type: 'known' }
  if (hash === undefined) {
    const own = isHeard ? [] : unnoted(record, seen).map((writing) => writing.hash)
    return { type: 'needs_hash', ...(own.length > 0 && { own }) }
  }
  const own = ownWrite(record, seen, hash)
  // Where nobody hears of it there is nothing to decide, but whether it is to be there any more.
  const next = recordOfSeen(seen, hash, own ?? record, own !== undefined && !isHeard ? 0 : sequence)
  if (held !== undefined && held.hash === hash && held.mtime === next.mtime && held.mode === next.mode) {
    return { type: 'renewed', records: [[fid, { ...next, reported: held.reported }]] }
  }
  const observation = {
    type: 'updated' as const,
    fid,
    base: next.version,
    ...describe(next),
    ...(isFlat && { flat: true as const }),
    ...(record?.emptyAt !== undefined && { emptyAt: record.emptyAt }),
    ...(record?.emptyAt !== undefined && unnotedUntil !== undefined && { unnotedUntil }),
    ...(own !== undefined && {
      ordered: true as const,
      ...(wasRenamed(record, seen, hash) && { renamed: true as const }),
    }),
  }
  return { type: 'observed', observation, records: [[fid, next]] }
}

function planMove(
  { fid, isFlat, isDoubted }: CheckedChange,
  from: string,
  seen: Seen,
  record: FileRecord | undefined,
  source: FileRecord,
  sequence: number,
): ReportStep {
  const unchanged = isDoubted !== true && source.token === seen.token && source.kind === kindOf(seen)
  const hash = hashOf(seen) ?? (unchanged ? knownHash(source) : undefined)
  if (hash === undefined) return { type: 'needs_hash' }
  const own = ownWrite(record, seen, hash)
  const next = recordOfSeen({ ...seen, extra: seen.extra ?? source.extra }, hash, own ?? record, sequence)
  return {
    type: 'observed',
    observation: {
      type: 'moved',
      fid,
      base: next.version,
      ...describe(next),
      from: { fid: from, folder: source.folder, path: source.path, base: source.version },
      ...(isFlat && { flat: true as const }),
    },
    records: [
      [fid, next],
      [from, { ...emptiedRecord(source), reported: sequence }],
    ],
  }
}

/**
 * The record as it would be, had the process that told the driver to put this here lived to write that down, or had the driver said that it
 * was done; undefined when it is something else. It may be older than the deletion that was agreed on since, when there was nothing.
 */
function ownWrite(record: FileRecord | undefined, seen: Seen, hash: string): FileRecord | undefined {
  // What is never read is compared when it is in the way.
  const writing = unnoted(record, seen).findLast((one) => one.hash === hash)
  return record === undefined || writing === undefined ? undefined : { ...record, hash, version: writing.version }
}

/** If it may have been written as well, it is taken for renamed: then nothing is taken for older than it is. */
function wasRenamed(record: FileRecord | undefined, seen: Seen, hash: string): boolean {
  return unnoted(record, seen).some((one) => one.hash === hash && one.renamed === true)
}

/** What the driver was told to put here and nobody wrote down, that may be what is there. */
function unnoted(record: FileRecord | undefined, seen: Seen): Writing[] {
  return (record?.writing ?? []).filter(({ version, size }) => {
    const isPast = record !== undefined && record.token !== null && version <= record.version
    return !isPast && (kindOf(seen) === 'directory' || size === seen.size)
  })
}

function kindOf(seen: Seen): 'file' | 'directory' {
  return seen.kind ?? 'file'
}

/** Whoever may read it has to. */
function knownHash({ hash }: FileRecord): string | undefined {
  return hash === UNREAD_HASH ? undefined : hash
}

function hashOf(seen: Seen): string | undefined {
  return kindOf(seen) === 'directory' ? EMPTY_HASH : seen.hash
}

function describe({ folder, path, kind, size, hash, mtime, mode }: FileRecord) {
  return { folder, path, kind, size, hash, mtime, mode }
}

/** The mtime of a directory says only that something in it was made or deleted, so it is not kept. */
function recordOfSeen(seen: Seen, hash: string, previous: FileRecord | undefined, sequence: number): FileRecord {
  const kind = kindOf(seen)
  const extra = seen.extra ?? previous?.extra
  const writing = hash === UNREAD_HASH && previous !== undefined ? putBefore(previous) : []
  return {
    folder: seen.folder,
    path: seen.path,
    kind,
    size: kind === 'directory' ? 0 : seen.size,
    hash,
    mtime: kind === 'directory' ? null : seen.mtime,
    mode: seen.mode ?? null,
    version: previous?.version ?? 0,
    token: seen.token,
    reported: sequence,
    ...(writing.length === 0 ? {} : { writing }),
    ...(extra === undefined ? {} : { extra }),
  }
}

/**
 * What the driver put there last, if that has an end: a late listing shows what was there before, and the next one what was put there, as
 * something that was never read. It is compared with this when it is in the way, as is a file that only got another time.
 */
function putBefore({ writing = [], kind, token, version, hash, size }: FileRecord): Writing[] {
  const isKnown = kind === 'file' && token !== null && hash !== UNREAD_HASH
  return isKnown ? [{ version, hash, size }, ...writing] : writing
}

export interface ReportPlan {
  readonly observations: readonly { readonly sequence: number; readonly observation: Observation }[]
  readonly records: ReadonlyMap<string, FileRecord>
  /** Changes whose content has to be read first. Whatever touches the same files later in the report waits with them. */
  readonly unread: readonly CheckedChange[]
  readonly nextSequence: number
}

/**
 * A file that was moved from where the driver had told of a directory had taken its place unheard: it could not be read in time. The directory is gone all the same,
 * and nobody else will tell of that. (One that an order has made may be there: it may have been made after the driver looked.)
 * Judged before the report as a whole, since what has to be read is planned a second time, and nothing new may need reading then.
 */
function apart(checked: CheckedChange, records: Records): readonly CheckedChange[] {
  const { change, from } = checked
  const source = from === undefined ? undefined : records.get(from)
  if (change.type !== 'moved' || source === undefined || source.token === null) return [checked]
  if (source.kind !== 'directory' || source.reported === 0 || kindOf(change) !== 'file') return [checked]
  return divideMove(checked)
}

/** What a whole report means: each change is judged with what the ones before it made known. */
export function planReport(changes: readonly CheckedChange[], known: Records, firstSequence: number): ReportPlan {
  const records = new Map(known)
  const written = new Map<string, FileRecord>()
  const observations: { sequence: number; observation: Observation }[] = []
  const unread: CheckedChange[] = []
  const blocked = new Set<string>()
  let sequence = firstSequence
  for (const checked of changes.flatMap((change) => apart(change, records))) {
    const fids = fidsOf(checked)
    const step = fids.some((fid) => blocked.has(fid)) ? undefined : planChange(checked, records, sequence)
    if (step === undefined || step.type === 'needs_hash') {
      unread.push(step?.own === undefined ? checked : { ...checked, own: step.own })
      for (const fid of fids) blocked.add(fid)
    } else if (step.type !== 'known') {
      for (const [fid, record] of step.records) {
        records.set(fid, record)
        written.set(fid, record)
      }
      if (step.type === 'observed') observations.push({ sequence: sequence++, observation: step.observation })
    }
  }
  return { observations, records: written, unread, nextSequence: sequence }
}
