import { expect, it } from 'vitest'
import type { ConflictedFile, ConflictSide } from './conflicted-file.ts'
import { formatConflicts } from './format-conflicts.ts'

const at = new Date(2026, 10, 24, 9, 5, 7, 123).getTime()
const side = (service: string, fields: Partial<ConflictSide> = {}): ConflictSide => ({
  fid: 'x',
  version: 1,
  service,
  kind: 'file',
  size: 1234,
  mtime: at,
  deleted: false,
  ...fields,
})
const file = (path: string, original: ConflictSide): ConflictedFile => ({
  folder: 'docs',
  path,
  original,
  copies: [{ ...side('left', { size: 5 }), path: `${path} (conflict of left)`, winner: 'right' }],
})

it('shows every content with its service, time and size', () => {
  const conflicts = [
    file('a', side('right')),
    file('b\u001b', side('right', { deleted: true })),
    file('c', side('right', { kind: 'directory' })),
  ]
  expect(formatConflicts(conflicts).split('\n').slice(0, 12)).toEqual([
    "'a' in folder docs",
    '  SERVICE  MODIFIED               SIZE  FILE',
    '  right    2026-11-24 09:05:07  1.2 kB  a',
    '  left     2026-11-24 09:05:07     5 B  a (conflict of left)',
    '',
    "'b\\x1b' in folder docs",
    '  SERVICE  MODIFIED             SIZE  FILE',
    '  right    -                       -  b\\x1b (deleted meanwhile)',
    '  left     2026-11-24 09:05:07   5 B  b\\x1b (conflict of left)',
    '',
    "'c' in folder docs",
    '  SERVICE  MODIFIED             SIZE  FILE',
  ])
})

it('says that there are none', () => {
  expect(formatConflicts([])).toBe('No conflicts.')
})
