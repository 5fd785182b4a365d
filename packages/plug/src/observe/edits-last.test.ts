import { contentHash, type FileRecord, fileId } from '@onitu/protocol'
import { expect, it } from 'vitest'
import type { Change } from '../contract.ts'
import { editsLast } from './edits-last.ts'
import { checkedChange } from './plan-report.ts'

const seen = (path: string, more: object = {}) =>
  ({ type: 'updated', folder: 'docs', path, size: 1, mtime: 10, mode: 0o644, token: 't', ...more }) as Change
const deleted = (path: string): Change => ({ type: 'deleted', folder: 'docs', path })
const moved = (from: string, path: string) => seen(path, { type: 'moved', from: { folder: 'docs', path: from } })

const record = (path: string, more: Partial<FileRecord> = {}): [string, FileRecord] => [
  fileId('docs', path),
  {
    folder: 'docs',
    path,
    kind: 'file',
    size: 1,
    hash: contentHash(Buffer.from('A')),
    mtime: 10,
    mode: 0o644,
    version: 7,
    token: 't0',
    reported: 0,
    ...more,
  },
]

function order(changes: readonly Change[], ...known: [string, FileRecord][]): string[] {
  return editsLast(changes.map(checkedChange), new Map(known)).map(({ change }) => `${change.type} ${change.path}`)
}

it('what is new comes before what was changed', () => {
  expect(order([seen('a'), seen('b'), seen('c')], record('a'))).toEqual(['updated b', 'updated c', 'updated a'])
})

it('a file that was there before, and is not now, is new', () => {
  expect(order([seen('a'), seen('b')], record('a', { token: null }))).toEqual(['updated a', 'updated b'])
})

it('whatever else is told of the same file keeps its order', () => {
  const changes = [seen('a'), deleted('a'), moved('b', 'c'), seen('b'), seen('d')]
  expect(order(changes, record('a'), record('b'))).toEqual(changes.map(({ type, path }) => `${type} ${path}`))
})

it('a directory in the place of a file comes before what is in it', () => {
  const changes = [seen('a', { kind: 'directory' }), seen('a/x')]
  expect(order(changes, record('a'))).toEqual(['updated a', 'updated a/x'])
})
