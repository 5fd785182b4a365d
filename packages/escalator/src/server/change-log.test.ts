import { describe, expect, it } from 'vitest'
import { ChangeLog } from './change-log.ts'

const everything = new Uint8Array()

function logOf(lists: readonly (readonly string[])[], capacity = 1_000_000): ChangeLog {
  const log = new ChangeLog('e', capacity)
  for (const keys of lists) log.append({ keys, values: keys.map((key) => (key === 'gone' ? null : Buffer.from(key))) })
  return log
}

function keysOf(log: ChangeLog, sequence: number, prefix = '', maxBytes = 1_000_000) {
  const { changes, sequences, end } = log.read(sequence, Buffer.from(prefix), maxBytes)
  return { keys: changes.keys.map((key) => Buffer.from(key).toString()), sequences, end }
}

describe('a log of changes', () => {
  it('numbers every change of every list', () => {
    const log = logOf([['a', 'b'], [], ['c']])
    expect(log.last).toBe(3)
    expect(keysOf(log, 0)).toEqual({ keys: ['a', 'b', 'c'], sequences: [1, 2, 3], end: 3 })
  })

  it('goes on in the middle of a list', () => {
    const log = logOf([['a', 'b', 'c'], ['d']])
    expect(keysOf(log, 2)).toEqual({ keys: ['c', 'd'], sequences: [3, 4], end: 4 })
    expect(keysOf(log, 4)).toEqual({ keys: [], sequences: [], end: 4 })
  })

  it('gives what is under a prefix, and tells how far it has looked', () => {
    const log = logOf([['a1', 'b1'], ['a2'], ['b2']])
    expect(keysOf(log, 0, 'a')).toEqual({ keys: ['a1', 'a2'], sequences: [1, 3], end: 4 })
    expect(keysOf(log, 0, 'none')).toEqual({ keys: [], sequences: [], end: 4 })
  })

  it('keeps deletions as null', () => {
    const log = logOf([['a', 'gone']])
    expect(log.read(0, everything, 1_000).changes.values).toEqual([new Uint8Array(Buffer.from('a')), null])
  })

  it('ends a page by its size, and the next one goes on there', () => {
    const log = logOf([['a', 'b', 'c']])
    const first = keysOf(log, 0, '', 1)
    expect(first).toEqual({ keys: ['a'], sequences: [1], end: 1 })
    expect(keysOf(log, first.end, '', 1)).toEqual({ keys: ['b'], sequences: [2], end: 2 })
  })

  it('looks at a bounded number of changes in one go', () => {
    const log = logOf([Array.from({ length: 12_000 }, (_, index) => `k${index}`), ['x']], 10_000_000)
    let pages = 0
    let found: string[] = []
    for (let at = 0; at < log.last; pages++) {
      const page = keysOf(log, at, 'x')
      expect(page.end).toBeGreaterThan(at)
      found = [...found, ...page.keys]
      at = page.end
    }
    expect(pages).toBe(3)
    expect(found).toEqual(['x'])
  })

  it('forgets the oldest when it is full, and knows which positions it still reaches', () => {
    const log = logOf([['a'], ['b'], ['c']], 500)
    expect(log.reaches({ epoch: 'e', sequence: 0 })).toBe(false)
    expect(log.reaches({ epoch: 'e', sequence: 1 })).toBe(true)
    expect(keysOf(log, 1)).toEqual({ keys: ['b', 'c'], sequences: [2, 3], end: 3 })
  })

  it('forgets even its only list when that does not fit', () => {
    const log = logOf([['a'.repeat(1_000)]], 500)
    expect(log.reaches({ epoch: 'e', sequence: 0 })).toBe(false)
    expect(log.reaches({ epoch: 'e', sequence: 1 })).toBe(true)
  })

  it('does not know positions of another epoch, or of the future', () => {
    const log = logOf([['a']])
    expect(log.reaches({ epoch: 'other', sequence: 1 })).toBe(false)
    expect(log.reaches({ epoch: 'e', sequence: 2 })).toBe(false)
    expect(log.reaches({ epoch: 'e', sequence: 1 })).toBe(true)
  })
})
