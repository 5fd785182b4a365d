import { describe, expect, it } from 'vitest'
import { type CheckedChange, checkedChange } from './checked-change.ts'
import { divideByFiles } from './divide-by-files.ts'

const seen = (path: string) => ({ folder: 'f', path, size: 1, mtime: null, token: 't' })
const updated = (path: string) => checkedChange({ type: 'updated', ...seen(path) })
const moved = (from: string, path: string) =>
  checkedChange({ type: 'moved', ...seen(path), from: { folder: 'f', path: from } })

const paths = (parts: CheckedChange[][]) => parts.map((part) => part.map(({ change }) => change.path))

describe('divideByFiles', () => {
  it('keeps changes of different files apart', () => {
    expect(paths(divideByFiles([updated('a'), updated('b')]))).toEqual([['a'], ['b']])
  })

  it('keeps changes of one file together, in their order', () => {
    expect(paths(divideByFiles([updated('a'), updated('b'), updated('a')]))).toEqual([['a', 'a'], ['b']])
  })

  it('joins what a move connects', () => {
    const parts = divideByFiles([updated('a'), updated('b'), updated('c'), moved('c', 'a'), updated('b')])
    expect(paths(parts)).toEqual([
      ['a', 'c', 'a'],
      ['b', 'b'],
    ])
  })
})
