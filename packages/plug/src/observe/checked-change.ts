import { fileId } from '@onitu/protocol'
import type { Change } from '../contract.ts'

/** A change of which folder and path have been checked, with the file ids it touches. */
export interface CheckedChange {
  readonly change: Change
  readonly fid: string
  /** Of a move: the file id of the old place. */
  readonly from?: string
  /** What is there now may be what an order made of it since the driver looked, or there may be something: it has to be proven. */
  readonly isDoubted?: true
  /** Of a move: there may be something at the old place all the same. It has to be proven before anything else. */
  readonly isFromDoubted?: true
  /** Of what is doubted: the last news of the place that had to wait for the order; of a deletion, the only news. */
  readonly isLast?: true
  /** Whether a directory is still the one that was seen can be proven. */
  readonly isProvable?: true
  /** The folder is only written: nobody hears of it. */
  readonly isUnheard?: true
  /** The service has no directories. */
  readonly isFlat?: true
  /** Of such a service: see Observation. */
  readonly unnotedUntil?: number
  /** In a folder that is only written: the hashes of what the driver was told to put there. It is read to know whether it is that, and for nothing else. */
  readonly own?: readonly string[]
}

export function checkedChange(change: Change): CheckedChange {
  const fid = fileId(change.folder, change.path)
  if (change.type !== 'moved') return { change, fid }
  const from = fileId(change.from.folder, change.from.path)
  return from === fid ? { change: { ...change, type: 'updated' }, fid } : { change, fid, from }
}

export function fidsOf({ fid, from }: CheckedChange): string[] {
  return from === undefined ? [fid] : [fid, from]
}

/**
 * For what may be there no more, without anybody who would tell of that, for it is what the Plug wrote: the hash is not taken from the
 * driver.
 */
export function doubt(checked: CheckedChange): CheckedChange {
  const { change } = checked
  if (change.type === 'deleted') return checked
  const { hash: _, ...seen } = change
  return { ...checked, change: seen, isDoubted: true }
}

/** The new place of a move alone. */
export function asUpdate(checked: CheckedChange): CheckedChange {
  const { change, from: _, isFromDoubted: ___, ...rest } = checked
  if (change.type !== 'moved') return checked
  const { from: __, ...seen } = change
  return { ...rest, change: { ...seen, type: 'updated' } }
}

/** Either place of a move may have something else than was told. */
export function doubtBoth(checked: CheckedChange): CheckedChange {
  const doubted = { ...doubt(checked), isDoubted: true as const }
  return checked.from === undefined ? doubted : { ...doubted, isFromDoubted: true }
}

/** Its two places told of apart, the old one first. */
export function divideMove(checked: CheckedChange): CheckedChange[] {
  const { change } = checked
  return change.type === 'moved' ? [checkedChange({ type: 'deleted', ...change.from }), asUpdate(checked)] : [checked]
}
