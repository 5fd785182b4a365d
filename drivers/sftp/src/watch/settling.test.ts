import { expect, test } from 'vitest'
import { foundAt } from './found.ts'
import { SETTLE, Settling } from './settling.ts'

const DATE = 1_700_000_000_000
const file = (size: number, mtime = DATE / 1000) => foundAt('file', { mode: 0o100644, size, mtime })

test('what has not changed for long, and directories, are told at once', () => {
  const settling = new Settling()
  const directory = foundAt('directory', { mode: 0o040755, size: 0, mtime: DATE / 1000 })
  const found = [file(1, DATE / 1000 - 7_200), directory]
  expect(settling.take(found, 0, DATE)).toEqual(found)
  expect(settling.due(0)).toBeUndefined()
})

test('what is young is told when it has looked the same for more than a second', () => {
  const settling = new Settling()
  expect(settling.take([file(1)], 0, DATE)).toEqual([])
  expect(settling.due(100)).toBe(SETTLE - 100)
  expect(settling.look(file(1), SETTLE - 1)).toBe(false)
  expect(settling.look(file(1), SETTLE)).toBe(true)
  expect(settling.paths).toEqual([])
})

test('each change begins the wait anew, but not forever', () => {
  const settling = new Settling()
  settling.take([file(0)], 0, DATE)
  for (let at = 1; at < 10; at++) expect(settling.look(file(at), at * 1000)).toBe(false)
  expect(settling.look(file(10), 10_000)).toBe(true)
})

test('what is gone is not waited for', () => {
  const settling = new Settling()
  settling.take([file(1)], 0, DATE)
  settling.forget('file')
  expect(settling.due(0)).toBeUndefined()
})
