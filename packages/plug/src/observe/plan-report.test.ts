import { contentHash, type FileRecord, fileId, UNREAD_HASH } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import type { Change } from '../contract.ts'
import { checkedChange } from './checked-change.ts'
import { planReport } from './plan-report.ts'

const hashA = contentHash(Buffer.from('A'))
const hashB = contentHash(Buffer.from('B'))
const fid = fileId('docs', 'a')
const record: FileRecord = {
  folder: 'docs',
  path: 'a',
  kind: 'file',
  size: 1,
  hash: hashA,
  mtime: 10,
  mode: 0o644,
  version: 7,
  token: 't1',
  reported: 3,
}
const seen = { type: 'updated', folder: 'docs', path: 'a', size: 1, mtime: 10, mode: 0o644, token: 't1' } as const
const moved = { ...seen, type: 'moved', path: 'b', from: { folder: 'docs', path: 'a' } } as const

interface Case {
  readonly name: string
  readonly changes: readonly Change[]
  readonly known?: FileRecord | undefined
  readonly observations: readonly object[]
  readonly records?: Readonly<Record<string, object>>
  readonly unread?: number
  /** The folder is only written. */
  readonly isUnheard?: true
  /** Of the first that is to be read. */
  readonly own?: readonly string[]
}

const cases: readonly Case[] = [
  { name: 'the same token is nothing new', changes: [seen], known: record, observations: [] },
  {
    name: 'the same token with the same hash is nothing new',
    changes: [{ ...seen, hash: hashA }],
    known: record,
    observations: [],
  },
  {
    name: 'another content under the same token is a change',
    changes: [{ ...seen, hash: hashB }],
    known: record,
    observations: [{ type: 'updated', base: 7, hash: hashB }],
  },
  {
    name: 'the same content under another token only renews the token',
    changes: [{ ...seen, token: 't2', hash: hashA }],
    known: record,
    observations: [],
    records: { a: { token: 't2', reported: 3, version: 7 } },
  },
  {
    name: 'what was never read is nothing new to who may not read it',
    changes: [{ ...seen, hash: UNREAD_HASH }],
    known: { ...record, hash: UNREAD_HASH },
    observations: [],
  },
  {
    name: 'what may be what the driver was told to put there, in a folder that is only written, is read to know that',
    changes: [seen],
    known: { ...record, token: null, writing: [{ version: 9, hash: hashB, size: 1 }] },
    isUnheard: true,
    observations: [],
    unread: 1,
    own: [hashB],
  },
  {
    name: 'what the driver was told to put there, in a folder that is only written, is agreed on and told of',
    changes: [{ ...seen, hash: hashB }],
    known: { ...record, token: null, writing: [{ version: 9, hash: hashB, size: 1 }] },
    isUnheard: true,
    observations: [{ type: 'updated', base: 9, hash: hashB, ordered: true }],
    records: { a: { version: 9, reported: 0 } },
  },
  {
    name: 'what was put there last stays known beside what was never read',
    changes: [{ ...seen, token: 't2', hash: UNREAD_HASH }],
    known: record,
    observations: [{ type: 'updated', hash: UNREAD_HASH }],
    records: { a: { hash: UNREAD_HASH, writing: [{ version: 7, hash: record.hash, size: record.size }] } },
  },
  {
    name: 'what was not read is nothing new under a token under which it is known',
    changes: [{ ...seen, hash: UNREAD_HASH }],
    known: record,
    observations: [],
  },
  {
    name: 'what was never read is read by who may',
    changes: [seen],
    known: { ...record, hash: UNREAD_HASH },
    observations: [],
    unread: 1,
  },
  {
    name: 'what the driver was told to write before the process died is built on that version',
    changes: [{ ...seen, token: 't2', hash: hashB }],
    known: { ...record, writing: [{ version: 9, hash: hashB, size: 1 }] },
    observations: [{ type: 'updated', base: 9, hash: hashB }],
    records: { a: { version: 9, reported: 100 } },
  },
  {
    name: 'what the driver was told to rename, or may have, is told of as that',
    changes: [{ ...seen, token: 't2', hash: hashB }],
    known: {
      ...record,
      token: null,
      writing: [
        { version: 9, hash: hashB, size: 1, renamed: true },
        { version: 9, hash: hashB, size: 1 },
      ],
    },
    observations: [{ type: 'updated', base: 9, hash: hashB, ordered: true, renamed: true }],
  },
  {
    name: 'what the driver was told to write before a later version was agreed on is a change',
    changes: [{ ...seen, token: 't2', hash: hashB }],
    known: { ...record, writing: [{ version: 6, hash: hashB, size: 1 }] },
    observations: [{ type: 'updated', base: 7, hash: hashB }],
  },
  {
    name: 'what the driver was told to write before a deletion was agreed on, when it was not there yet, is built on that version',
    changes: [{ ...seen, hash: hashB }],
    known: { ...record, token: null, writing: [{ version: 6, hash: hashB, size: 1 }] },
    observations: [{ type: 'updated', base: 6, hash: hashB }],
    records: { a: { version: 6, reported: 100 } },
  },
  {
    name: 'another mtime is a change of attributes',
    changes: [{ ...seen, token: 't2', hash: hashA, mtime: 11 }],
    known: record,
    observations: [{ type: 'updated', hash: hashA, mtime: 11 }],
    records: { a: { reported: 100, version: 7 } },
  },
  {
    name: 'another mode is a change of attributes',
    changes: [{ ...seen, token: 't2', hash: hashA, mode: 0o600 }],
    known: record,
    observations: [{ type: 'updated', mode: 0o600 }],
  },
  {
    name: 'a content without a hash has to be read',
    changes: [{ ...seen, token: 't2' }],
    known: record,
    observations: [],
    unread: 1,
  },
  {
    name: 'a new file has no base',
    changes: [{ ...seen, hash: hashA }],
    observations: [{ type: 'updated', base: 0 }],
    records: { a: { version: 0, reported: 100 } },
  },
  {
    name: 'a new directory needs no hash and has no mtime',
    changes: [{ ...seen, kind: 'directory' }],
    observations: [{ kind: 'directory', size: 0, mtime: null }],
  },
  {
    name: 'a directory in place of a file is a change',
    changes: [{ ...seen, kind: 'directory' }],
    known: record,
    observations: [{ kind: 'directory', base: 7 }],
  },
  {
    name: 'a deletion',
    changes: [{ type: 'deleted', folder: 'docs', path: 'a' }],
    known: record,
    observations: [{ type: 'deleted', base: 7 }],
    records: { a: { token: null, version: 7, reported: 100 } },
  },
  {
    name: 'a deletion of what is not known is nothing',
    changes: [{ type: 'deleted', folder: 'docs', path: 'a' }],
    observations: [],
  },
  {
    name: 'a deletion of what is deleted is nothing',
    changes: [{ type: 'deleted', folder: 'docs', path: 'a' }],
    known: { ...record, token: null },
    observations: [],
  },
  {
    name: 'a file that comes back has the old base',
    changes: [{ ...seen, hash: hashA }],
    known: { ...record, token: null },
    observations: [{ type: 'updated', base: 7 }],
  },
  {
    name: 'a move keeps the hash when the token is the same',
    changes: [moved],
    known: record,
    observations: [{ type: 'moved', path: 'b', base: 0, hash: hashA, from: { fid, base: 7 } }],
    records: { a: { token: null }, b: { token: 't1', version: 0 } },
  },
  {
    name: 'a move of what is not known is a new file',
    changes: [{ ...moved, hash: hashB }],
    observations: [{ type: 'updated', path: 'b' }],
  },
  {
    name: 'a move from where an order has made a directory since is a new file',
    changes: [{ ...moved, hash: hashB }],
    known: { ...record, kind: 'directory', reported: 0 },
    observations: [{ type: 'updated', path: 'b' }],
  },
  {
    name: 'a move from where the driver had told of a directory tells also that it is gone',
    changes: [{ ...moved, hash: hashB }],
    known: { ...record, kind: 'directory', reported: 3 },
    observations: [
      { type: 'deleted', path: 'a', kind: 'directory' },
      { type: 'updated', path: 'b' },
    ],
    records: { a: { token: null }, b: { token: 't1' } },
  },
  {
    name: 'a move under another token has to be read',
    changes: [{ ...moved, token: 't2' }],
    known: record,
    observations: [],
    unread: 1,
  },
  {
    name: 'a move to the same place is an update',
    changes: [{ ...moved, path: 'a', token: 't2', hash: hashB }],
    known: record,
    observations: [{ type: 'updated', path: 'a' }],
  },
  {
    name: 'later changes know of the ones before',
    changes: [
      { ...seen, hash: hashB },
      { type: 'deleted', folder: 'docs', path: 'a' },
    ],
    known: record,
    observations: [{ type: 'updated' }, { type: 'deleted' }],
    records: { a: { token: null, reported: 101 } },
  },
  {
    name: 'nothing overtakes a change that has to be read',
    changes: [
      { ...seen, token: 't2' },
      { type: 'deleted', folder: 'docs', path: 'a' },
    ],
    known: record,
    observations: [],
    unread: 2,
  },
]

describe('planReport', () => {
  it('says that a file of a service without directories is told of, which may have others below its name', () => {
    const flat = (change: Change) => ({ ...checkedChange(change), isFlat: true as const })
    const updated = planReport([flat({ ...seen, token: 't2', hash: hashB })], new Map([[fid, record]]), 100)
    const away = planReport([flat(moved)], new Map([[fid, record]]), 100)
    expect([...updated.observations, ...away.observations].map(({ observation }) => observation)).toMatchObject([
      { type: 'updated', flat: true },
      { type: 'moved', flat: true },
    ])
  })

  it('does not take the hash of what was moved from the old place when something else may be at the new one', () => {
    const plan = planReport([{ ...checkedChange(moved), isDoubted: true }], new Map([[fid, record]]), 100)
    expect(plan).toMatchObject({ observations: [], unread: [{ isDoubted: true }] })
  })

  it('knows that there is nothing any more where something was moved from', () => {
    const plan = planReport([checkedChange(moved)], new Map([[fid, record]]), 100)
    expect(plan.records.get(fid)).toMatchObject({ token: null, emptyAt: record.version, reported: 100 })
  })

  it('has it proven where the driver can tell which directory is there', () => {
    const made: FileRecord = { ...record, kind: 'directory', hash: contentHash(Buffer.alloc(0)), size: 0, token: 'd1' }
    const planOf = (token: string) => {
      const checked = checkedChange({ ...seen, kind: 'directory', token })
      return planReport([{ ...checked, isDoubted: true, isProvable: true }], new Map([[fid, made]]), 100)
    }
    expect(planOf('d2').unread).toHaveLength(1)
    expect(planOf('d1').unread).toHaveLength(0)
  })

  it('has a directory proven also where there should be none, since an order may have deleted it', () => {
    const checked = checkedChange({ ...seen, kind: 'directory', token: 'd2' })
    const doubted = { ...checked, isDoubted: true, isProvable: true } as const
    expect(planReport([doubted], new Map([[fid, { ...record, token: null }]]), 100).unread).toHaveLength(1)
  })

  it.each([
    { name: 'not where a user may have made one before the order', isLast: undefined, token: undefined },
    { name: 'where nothing was there before the order', isLast: true as const, token: 'd2' },
  ])('believes that there is another directory than the one that an order has made: $name', ({ isLast, token }) => {
    const made: FileRecord = {
      ...record,
      kind: 'directory',
      hash: contentHash(Buffer.alloc(0)),
      size: 0,
      mtime: null,
      token: 'd1',
    }
    const other = checkedChange({ ...seen, kind: 'directory', token: 'd2' })
    const plan = planReport([{ ...other, isDoubted: true, ...(isLast && { isLast }) }], new Map([[fid, made]]), 100)
    expect(plan.observations).toEqual([])
    expect(plan.records.get(fid)?.token).toBe(token)
  })

  it.each(cases)('$name', ({ changes, known, observations, records = {}, unread = 0, isUnheard, own }) => {
    const checked = changes.map((change) => ({ ...checkedChange(change), ...(isUnheard && { isUnheard }) }))
    const plan = planReport(checked, new Map([[fid, known]]), 100)
    expect(plan.observations.map(({ observation }) => observation)).toMatchObject(observations)
    expect(plan.unread).toHaveLength(unread)
    expect(plan.unread[0]?.own).toEqual(own)
    for (const [path, expected] of Object.entries(records)) {
      expect(plan.records.get(fileId('docs', path))).toMatchObject(expected)
    }
    if (observations.length === 0 && Object.keys(records).length === 0) expect(plan.records.size).toBe(0)
  })
})
