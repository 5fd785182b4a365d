import { asUpdate, type CheckedChange, divideMove, doubt, doubtBoth } from './checked-change.ts'
import type { Told } from './told-before.ts'

export interface Held extends Told {
  /** It waited for an order on the file. */
  readonly isOld?: true
}

/**
 * What of a report still counts, now that nothing else is at work on its files. `canRely`: an order leaves alone what was not there when the driver
 * looked; a service without conditional writes may have got another content from it, whatever was there.
 */
export function whatStillCounts(held: Held, canRely: boolean): CheckedChange[] {
  const { checked, isOld, overtaken, during, last, made } = held
  const isDeletion = checked.change.type === 'deleted'
  if (overtaken.has(checked.fid)) return isDeletion ? [] : [doubt(withoutFrom(checked, overtaken))]
  const isLast = last.has(checked.fid) && { isLast: true as const }
  if (isDeletion && during.has(checked.fid)) return [{ ...checked, isDoubted: true, ...isLast }]
  const current = withoutFrom(checked, overtaken)
  // An order that puts something where nothing was known to be is not stopped by what was there all the same, once that is moved away.
  if (current.from !== undefined && made.has(current.from)) return [doubtBoth(current)]
  // The order may have put something else at the old place before the driver looked, or after.
  if (current.from !== undefined && during.has(current.from) && !canRely)
    return divideMove(current).map((one) => ({ ...doubt(one), isDoubted: true }))
  // What was told while an order changed it may be what that has taken the place of, told a second time.
  const isSure = !during.has(current.fid) && (isOld !== true || isDirectory(current) || canRely)
  return [isSure ? current : { ...doubt(current), ...isLast }]
}

/** An order does not put another one in the place of one that is there. */
function isDirectory({ change }: CheckedChange): boolean {
  return change.type !== 'deleted' && change.kind === 'directory'
}

/** At the old place of a move there is something else by now. */
function withoutFrom(checked: CheckedChange, overtaken: ReadonlySet<string>): CheckedChange {
  return checked.from !== undefined && overtaken.has(checked.from) ? asUpdate(checked) : checked
}
