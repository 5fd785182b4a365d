import { expect, test } from 'vitest'
import { locate, servicePath } from './locate.ts'

const folder = (name: string, path: string) => [name, { name, path, mode: 'rw', identity: '', known: true }] as const
const folders = new Map([folder('foo', 'A/foo'), folder('inner', 'A/foo/inner'), folder('bar', 'bar')])

test.each([
  ['A/foo/x', { folder: 'foo', path: 'x' }],
  ['A/foo/deep/x', { folder: 'foo', path: 'deep/x' }],
  ['A/foo/inner/x', { folder: 'inner', path: 'x' }],
  ['bar/x', { folder: 'bar', path: 'x' }],
  ['barrier/x', undefined],
  ['bar', undefined],
  ['elsewhere/x', undefined],
])('%s is in %j', (path, place) => {
  expect(locate(folders, path)).toEqual(place)
  if (place !== undefined) expect(servicePath(folders, place)).toBe(path)
})
