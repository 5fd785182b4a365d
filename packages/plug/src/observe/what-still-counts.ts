import { type CheckedChange, checkedChange } from './plan-report.ts'
import type { Told } from './told-before.ts'

export interface Held extends Told {
  /** It waited for an order on the file. */
  readonly isOld?: true
}

/**
 * What of a report still counts, now that nothing else is at work on its files. `canRely`: an order leaves alone what was not there when the driver
 * looked; a service without conditional writes may have got another content from it, whatever was there.
 */
export function whatStillCounts({ checked, isOld, overtaken, during, sole }: Held, canRely: boolean): CheckedChange[] {
  const isDeletion = checked.change.type === 'deleted'
  if (overtaken.has(checked.fid)) return isDeletion ? [] : [doubt(withoutFrom(checked, overtaken))]
  const isSole = sole.has(checked.fid) && { isSole: true as const }
  if (isDeletion && during.has(checked.fid)) return [{ ...checked, isDoubted: true, ...isSole }]
  const current = withoutFrom(checked, overtaken)
  if (current.from !== undefined && during.has(current.from) && !canRely) return apart(current)
  // What was told while an order changed it may be what that has taken the place of, told a second time.
  const isSure = !during.has(current.fid) && (isOld !== true || isDirectory(current) || canRely)
  return [isSure ? current : { ...doubt(current), ...isSole }]
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
  const { change, from: _, ...rest } = checked
  if (change.type !== 'moved') return checked
  const { from: __, ...seen } = change
  return { ...rest, change: { ...seen, type: 'updated' } }
}

/** An order may have put something else at the old place of a move before the driver looked, or after. */
function apart(moved: CheckedChange): CheckedChange[] {
  const { change } = moved
  if (change.type !== 'moved') return [moved]
  return [{ ...checkedChange({ type: 'deleted', ...change.from }), isDoubted: true }, doubt(asUpdate(moved))]
}

/** An order does not put another one in the place of one that is there. */
function isDirectory({ change }: CheckedChange): boolean {
  return change.type !== 'deleted' && change.kind === 'directory'
}

/** At the old place of a move there is something else by now. */
function withoutFrom(checked: CheckedChange, overtaken: ReadonlySet<string>): CheckedChange {
  return checked.from !== undefined && overtaken.has(checked.from) ? asUpdate(checked) : checked
}
