import { contentHash, type FileRecord, fileId, type Head, UNREAD_HASH } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { type OrderPlan, type OrderView, planOrder } from './plan-order.ts'

const old = contentHash(Buffer.from('old'))
const next = contentHash(Buffer.from('next'))
const fid = fileId('docs', 'a')
const other = fileId('docs', 'b')
const head: Head = {
  fid,
  folder: 'docs',
  path: 'a',
  kind: 'file',
  size: 4,
  hash: next,
  mtime: 20,
  mode: 0o644,
  version: 8,
  mimetype: 'text/plain',
  origin: 'left',
  deleted: false,
  parents: [7],
}
const record: FileRecord = {
  folder: 'docs',
  path: 'a',
  kind: 'file',
  size: 3,
  hash: old,
  mtime: 10,
  mode: 0o644,
  version: 7,
  token: 't',
  reported: 0,
}
const absent: FileRecord = { ...record, token: null }
const directory: FileRecord = { ...record, kind: 'directory' }
const same: FileRecord = { ...record, hash: next }
const view: OrderView = {
  fid,
  order: { version: 8 },
  head,
  record,
  undecided: false,
  toWaitsForThis: false,
  toPending: false,
  toHadIt: false,
  blockedBy: [],
  isSettling: false,
  ordersBelow: false,
  mode: 'rw',
  can: { move: true, directories: true, attributes: true },
}
const gone: Head = { ...head, deleted: true }
const from = { record: { ...record, path: 'b', hash: next, token: 'f' }, undecided: false }

const cases: readonly [name: string, change: Partial<OrderView>, plan: Partial<OrderPlan>][] = [
  ['a head that is missing is read again', { head: undefined }, { do: 'reread' }],
  ['a head of another version is read again', { order: { version: 9 } }, { do: 'reread' }],
  ['a change that is not decided comes first', { undecided: true }, { do: 'wait', reason: 'decision' }],
  [
    'what is held here is moved away first',
    { order: { version: 8, movedTo: { fid: other, version: 8 } }, toWaitsForThis: true },
    { do: 'wait', reason: 'files', fids: [other] },
  ],
  [
    'what was moved away already is not waited for',
    { order: { version: 8, movedTo: { fid: other, version: 8 } }, toWaitsForThis: true, record: absent, head: gone },
    { do: 'adopt' },
  ],
  ['the same content is adopted', { record: same }, { do: 'adopt' }],
  ['the same content is adopted whatever its attributes', { record: { ...same, mtime: 1 } }, { do: 'adopt' }],
  [
    'attributes are set when that is the change',
    { record: same, order: { version: 8, attributes: true } },
    { do: 'attributes', token: 't' },
  ],
  [
    'attributes that are right already are adopted',
    { record: { ...same, mtime: 20 }, order: { version: 8, attributes: true } },
    { do: 'adopt' },
  ],
  [
    'attributes are not set where the service cannot',
    { record: same, order: { version: 8, attributes: true }, can: { ...view.can, attributes: false } },
    { do: 'adopt' },
  ],
  [
    'attributes are not set in a read-only folder',
    { record: same, order: { version: 8, attributes: true }, mode: 'r' },
    { do: 'adopt' },
  ],
  ['a deletion of what is not held is adopted', { record: undefined, head: gone }, { do: 'adopt' }],
  ['a read-only folder is never written', { mode: 'r' }, { do: 'decline' }],
  [
    'a directory means nothing to a service without',
    { head: { ...head, kind: 'directory' }, record: undefined, can: { ...view.can, directories: false } },
    { do: 'acknowledge' },
  ],
  ['agreed content is deleted', { head: gone }, { do: 'delete', token: 't' }],
  [
    'content that was ignored is not deleted',
    { head: gone, record: { ...record, reported: 5 } },
    { do: 'acknowledge' },
  ],
  [
    'content that was considered is deleted',
    { head: gone, record: { ...record, reported: 5 }, order: { version: 8, replaces: old } },
    { do: 'delete' },
  ],
  [
    'a directory is deleted after what is in it',
    { head: gone, record: directory, ordersBelow: true },
    { do: 'wait', reason: 'below' },
  ],
  [
    'a deletion waits for the content at the new path',
    { head: gone, order: { version: 8, movedTo: { fid: other, version: 8 } }, toPending: true },
    { do: 'wait', reason: 'files', fids: [other] },
  ],
  [
    'content that was moved and is at the new path, or was, is deleted, reported or not',
    {
      head: gone,
      record: { ...record, reported: 5 },
      order: { version: 8, movedTo: { fid: other, version: 8 } },
      toHadIt: true,
    },
    { do: 'delete', token: 't' },
  ],
  ['an empty directory is deleted', { head: gone, record: directory }, { do: 'delete', token: 't' }],
  ['a new file is fetched', { record: undefined }, { do: 'fetch', replaces: null }],
  ['a file that comes back is fetched', { record: absent }, { do: 'fetch', replaces: null }],
  ['agreed content is replaced', {}, { do: 'fetch', replaces: 't' }],
  [
    'content that was considered is replaced',
    { record: { ...record, reported: 5 }, order: { version: 8, replaces: old } },
    { do: 'fetch', replaces: 't' },
  ],
  ['content that was ignored is moved aside', { record: { ...record, reported: 5 } }, { do: 'move_aside', token: 't' }],
  [
    'content that took the place of the version and is kept out stays',
    { record: { ...record, reported: 5 }, order: { version: 8, keeps: old } },
    { do: 'acknowledge' },
  ],
  [
    'content that was never read and is as long as what is to be there is compared',
    { record: { ...record, reported: 5, size: 4, hash: UNREAD_HASH } },
    { do: 'compare', token: 't' },
  ],
  [
    'content that was never read is compared before it is deleted, if it is as long as what the driver was writing',
    {
      head: gone,
      record: { ...record, reported: 5, hash: UNREAD_HASH, writing: [{ version: 7, hash: old, size: 3 }] },
    },
    { do: 'compare', token: 't' },
  ],
  [
    'content that was never read is not deleted',
    {
      head: gone,
      record: { ...record, reported: 5, hash: UNREAD_HASH, writing: [{ version: 7, hash: old, size: 4 }] },
    },
    { do: 'acknowledge' },
  ],
  [
    'content that was never read and is not as long is moved aside',
    { record: { ...record, reported: 5, hash: UNREAD_HASH } },
    { do: 'move_aside', token: 't' },
  ],
  [
    'content that changed since it was kept out is moved aside',
    { record: { ...record, reported: 5 }, order: { version: 8, keeps: next } },
    { do: 'move_aside' },
  ],
  [
    'content that changed since it was considered is moved aside',
    { record: { ...record, reported: 5 }, order: { version: 8, replaces: next } },
    { do: 'move_aside' },
  ],
  [
    'a file above the path goes first',
    { record: undefined, blockedBy: [other] },
    { do: 'wait', reason: 'files', fids: [other] },
  ],
  [
    'a directory that was deleted is not made again while what was in it is not decided',
    { head: { ...head, kind: 'directory' }, record: absent, isSettling: true },
    { do: 'wait', reason: 'decision' },
  ],
  ['a directory is made', { head: { ...head, kind: 'directory' }, record: undefined }, { do: 'make_directory' }],
  [
    'a file gives way to a directory',
    { head: { ...head, kind: 'directory' } },
    { do: 'clear', kind: 'file', token: 't' },
  ],
  ['a directory gives way to a file', { record: directory }, { do: 'clear', kind: 'directory', token: 't' }],
  [
    'a directory gives way after what is in it',
    { record: directory, ordersBelow: true },
    { do: 'wait', reason: 'below' },
  ],
  [
    'content held under the old name is renamed',
    { record: undefined, from, order: { version: 8, movedFrom: other } },
    { do: 'rename', from: other, token: 'f' },
  ],
  [
    'a service that cannot rename fetches',
    { record: undefined, from, order: { version: 8, movedFrom: other }, can: { ...view.can, move: false } },
    { do: 'fetch', replaces: null },
  ],
  [
    'a directory is nothing to be made, or to make way for, where there are none: a file of the name is beside what is below it',
    {
      head: { ...head, kind: 'directory' },
      record: { ...record, reported: 5 },
      can: { move: true, directories: false, attributes: true },
    },
    { do: 'acknowledge' },
  ],
  [
    'other content under the old name is not renamed',
    { record: undefined, from: { ...from, record }, order: { version: 8, movedFrom: other } },
    { do: 'fetch' },
  ],
  ['nothing is renamed over a file', { from, order: { version: 8, movedFrom: other } }, { do: 'fetch', replaces: 't' }],
  [
    'a change of the old name is decided first',
    { record: undefined, from: { ...from, undecided: true }, order: { version: 8, movedFrom: other } },
    { do: 'wait', reason: 'decision' },
  ],
]

describe('planOrder', () => {
  it.each(cases)('%s', (_, change, plan) => {
    expect(planOrder({ ...view, ...change })).toMatchObject(plan)
  })
})
