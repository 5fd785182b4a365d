import { type CheckedChange, fidsOf } from './checked-change.ts'

/** Divides changes into those that touch the same files, directly or through others, each part in the order given. */
export function divideByFiles(changes: readonly CheckedChange[]): CheckedChange[][] {
  const partOf = new Map<string, number[]>()
  for (const [index, checked] of changes.entries()) {
    const parts = new Set(fidsOf(checked).flatMap((fid) => [partOf.get(fid) ?? []]))
    const joined = [...[...parts].flat().sort((one, other) => one - other), index]
    for (const at of joined) for (const fid of fidsAt(changes, at)) partOf.set(fid, joined)
  }
  return [...new Set(partOf.values())].map((part) => part.flatMap((at) => changes[at] ?? []))
}

function fidsAt(changes: readonly CheckedChange[], at: number): string[] {
  const checked = changes[at]
  return checked === undefined ? [] : fidsOf(checked)
}
