import { expect, it } from 'vitest'
import type { FileVersion } from './file-history.ts'
import { formatHistory } from './format-history.ts'

const at = new Date(2026, 10, 24, 9, 5, 7, 123).getTime()
const version = (number: number, fields: Partial<FileVersion> = {}): FileVersion => ({
  version: number,
  path: 'a.txt',
  kind: 'file',
  size: 1234,
  hash: String(number),
  mtime: at,
  mode: null,
  origin: 'left',
  deleted: false,
  current: false,
  movedFrom: null,
  movedTo: null,
  heldBy: [],
  keptBy: [],
  ...fields,
})

it('says of each version what it is and who has it', () => {
  const versions = [
    version(9, { current: true, heldBy: [{ service: 'left', fid: 'x' }] }),
    version(8, { deleted: true, origin: 'right' }),
    version(7, { keptBy: [{ service: 'right', since: at }] }),
    version(6, { movedFrom: 'b.txt', heldBy: [{ service: 'third', fid: 'x' }] }),
    version(5, { path: 'b.txt' }),
    version(4, { deleted: true, movedTo: 'c\u001b.txt' }),
  ]
  expect(formatHistory({ folder: 'docs', path: 'a.txt', versions, unasked: ['fourth'] }).split('\n')).toEqual([
    'docs: a.txt',
    'VERSION  MODIFIED               SIZE  BY     CONTENT',
    '      9  2026-11-24 09:05:07  1.2 kB  left   current',
    '      8  -                         -  right  deleted',
    '      7  2026-11-24 09:05:07  1.2 kB  left   kept by right since 2026-11-24 09:05:07',
    "      6  2026-11-24 09:05:07  1.2 kB  left   held by third, moved from 'b.txt'",
    "      5  2026-11-24 09:05:07  1.2 kB  left   gone, as 'b.txt'",
    "      4  -                         -  left   moved to 'c\\x1b.txt'",
    'Not asked, since they do not run: fourth',
  ])
})
