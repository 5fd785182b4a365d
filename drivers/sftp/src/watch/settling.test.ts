import { expect, test } from 'vitest'
import { foundAt } from './found.ts'
import { SETTLE, Settling } from './settling.ts'

const DATE = 1_700_000_000
const unknown = { here: DATE, server: undefined }
const file = (size: number, mtime = DATE) => foundAt('file', { mode: 0o100644, size, mtime })

test('what has not changed for long, and directories, are told at once', () => {
  const settling = new Settling()
  const directory = foundAt('directory', { mode: 0o040755, size: 0, mtime: DATE })
  const found = [file(1, DATE - 7_200), directory]
  expect(settling.take(found, 0, unknown)).toEqual(found)
  expect(settling.due(0)).toBeUndefined()
})

test('what is older than a second by the clock of the server is told at once, whatever the clock here says', () => {
  const settling = new Settling()
  const dates = { here: DATE, server: DATE - 100 }
  expect(settling.take([file(1, DATE - 102)], 0, dates)).toEqual([file(1, DATE - 102)])
  for (const mtime of [DATE - 101, DATE - 100, DATE]) {
    expect(settling.take([file(1, mtime)], 0, dates)).toEqual([])
    settling.forget('file')
  }
})

test('what is young is told when it has looked the same for more than a second', () => {
  const settling = new Settling()
  expect(settling.take([file(1)], 0, unknown)).toEqual([])
  expect(settling.due(100)).toBe(SETTLE - 100)
  expect(settling.look(file(1), SETTLE - 1)).toBe(false)
  expect(settling.look(file(1), SETTLE)).toBe(true)
  expect(settling.paths).toEqual([])
})

test('each change begins the wait anew, but not forever', () => {
  const settling = new Settling()
  settling.take([file(0)], 0, unknown)
  for (let at = 1; at < 10; at++) expect(settling.look(file(at), at * 1000)).toBe(false)
  expect(settling.look(file(10), 10_000)).toBe(true)
})

test('what is gone is not waited for', () => {
  const settling = new Settling()
  settling.take([file(1)], 0, unknown)
  settling.forget('file')
  expect(settling.due(0)).toBeUndefined()
})
