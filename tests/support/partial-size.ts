import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of the largest file of a folder that is not in its final place yet. */
export function partialSize(root: string): number {
  const temporary = join(root, '.onitu/tmp')
  if (!existsSync(temporary)) return 0
  const entries = readdirSync(temporary, { recursive: true, withFileTypes: true })
  return Math.max(0, ...entries.map((entry) => sizeOf(join(entry.parentPath, entry.name))))
}

/** 0 for what is gone already. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
