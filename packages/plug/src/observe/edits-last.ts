import { type CheckedChange, fidsOf, type Records } from './plan-report.ts'

/**
 * Other contents of files that are known come behind all else, if nothing else of the report is about them. Where a driver has renamed a file for an order
 * and said nothing of it, and a user then made another one at the old place, that is no edit of the file that was renamed: which is known when that one is told of
 * first.
 */
export function editsLast(changes: readonly CheckedChange[], known: Records): readonly CheckedChange[] {
  if (!changes.some(({ fid }) => isHeldFile(known, fid))) return changes
  const times = new Map<string, number>()
  for (const fid of changes.flatMap(fidsOf)) times.set(fid, (times.get(fid) ?? 0) + 1)
  const isEdit = ({ change, fid }: CheckedChange) =>
    change.type === 'updated' && change.kind !== 'directory' && isHeldFile(known, fid) && times.get(fid) === 1
  return [...changes.filter((checked) => !isEdit(checked)), ...changes.filter(isEdit)]
}

function isHeldFile(known: Records, fid: string): boolean {
  const record = known.get(fid)
  return record !== undefined && record.token !== null && record.kind === 'file'
}
