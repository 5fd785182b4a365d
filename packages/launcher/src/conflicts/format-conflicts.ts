import { localTime, printable } from '../bus/printable.ts'
import { formatBytes } from '../status/format-bytes.ts'
import { table } from '../status/format-status.ts'
import type { ConflictedFile, ConflictSide } from './conflicted-file.ts'

const HINT = `Keep one content with \`onitu resolve FILE --keep SERVICE\`, which deletes the others, or all files as they are with
\`onitu resolve FILE --keep both\`.`

/** Conflicts for people: for each file a line per content. */
export function formatConflicts(conflicts: readonly ConflictedFile[]): string {
  if (conflicts.length === 0) return 'No conflicts.'
  return [...conflicts.map(formatFile), HINT].join('\n\n')
}

function formatFile({ folder, path, original, copies }: ConflictedFile): string {
  const rows = [row(original, path), ...copies.map((copy) => row(copy, copy.path))]
  return [
    printable(`'${path}' in folder ${folder}`),
    indented(table([['SERVICE', 'MODIFIED', 'SIZE', 'FILE'], ...rows], new Set([2]))),
  ].join('\n')
}

function row({ service, kind, size, mtime, deleted }: ConflictSide, path: string): string[] {
  if (deleted) return [service, '-', '-', `${path} (deleted meanwhile)`]
  if (kind === 'directory') return [service, '-', '-', `${path} (a directory)`]
  return [service, mtime === null ? '-' : localTime(mtime).replace(/\.\d+$/, ''), formatBytes(size), path]
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
