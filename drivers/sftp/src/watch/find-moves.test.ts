import { expect, test } from 'vitest'
import { tokenOf } from '../token.ts'
import { findMoves } from './find-moves.ts'
import { foundAt } from './found.ts'

const file = (path: string, size: number, mode = 0o100644) => foundAt(path, { mode, size, mtime: 1_600_000_000 })
const gone = (path: string, size: number) => ({ path, token: file(path, size).token })

test('pairs what vanished with what appeared by size and time, whatever the permission bits', () => {
  const appeared = [file('new', 10, 0o100600), file('other', 11)]
  expect(findMoves([gone('old', 10)], appeared)).toEqual([{ from: 'old', to: appeared[0] }])
})

test('prefers the same name, and uses each side once', () => {
  const appeared = [file('there/b', 10), file('there/a', 10), file('there/c', 10)]
  const pairs = findMoves([gone('here/a', 10), gone('here/b', 10)], appeared)
  expect(pairs.map(({ from, to }) => [from, to.path])).toEqual([
    ['here/b', 'there/b'],
    ['here/a', 'there/a'],
  ])
})

test('never pairs directories', () => {
  const attributes = { mode: 0o040755, size: 0, mtime: 1 }
  expect(findMoves([{ path: 'old', token: tokenOf(attributes) }], [foundAt('new', attributes)])).toEqual([])
})
