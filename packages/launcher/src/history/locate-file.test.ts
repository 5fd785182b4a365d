import { describe, expect, it } from 'vitest'
import { locateFile } from './locate-file.ts'

const roots = [
  { folder: 'docs', paths: ['/home/me/Documents', '/disk/Documents'] },
  { folder: 'music', paths: ['/home/me/Music'] },
]
const both = new Map([
  ['docs', {}],
  ['music', {}],
])
const one = new Map([['docs', {}]])
const named = (file: string, absolute: string, folder: string | null = null) => ({ file, absolute: [absolute], folder })

describe('a file on a command line', () => {
  it.each([
    ['is known by its absolute path', named('/home/me/Music/a/b.ogg', '/home/me/Music/a/b.ogg'), 'music', 'a/b.ogg'],
    ['is known by its path without links', named('/disk/Documents/a', '/disk/Documents/a'), 'docs', 'a'],
    ['is known from the directory of the command', named('a', '/home/me/Music/a'), 'music', 'a'],
    ['is one of the folder that is named', named('./x/../a/b', '/tmp/a/b', 'docs'), 'docs', 'a/b'],
    [
      'is one of the folder that is named, wherever the command runs',
      named('a', '/home/me/Music/a', 'docs'),
      'docs',
      'a',
    ],
  ])('%s', (_title, argument, folder, path) => {
    expect(locateFile(both, roots, argument)).toEqual({ folder, path })
  })

  it('is one of the only folder', () => {
    expect(locateFile(one, roots, named('a/b', '/tmp/a/b'))).toEqual({ folder: 'docs', path: 'a/b' })
  })

  it.each([
    ['AMBIGUOUS_FOLDER', named('a', '/tmp/a')],
    ['UNKNOWN_FOLDER', named('a', '/tmp/a', 'films')],
    ['NOT_IN_FOLDER', named('/tmp/a', '/tmp/a')],
    ['NOT_IN_FOLDER', named('/home/me/Music/a', '/home/me/Music/a', 'docs')],
    ['NOT_IN_FOLDER', named('/home/me/Music', '/home/me/Music')],
    ['INVALID_PATH', named('../a', '/tmp/a', 'docs')],
    ['INVALID_PATH', named('/home/me/Music/.onitu/tmp', '/home/me/Music/.onitu/tmp')],
  ])('is refused with %s: %j', (code, argument) => {
    expect(() => locateFile(both, roots, argument)).toThrow(expect.objectContaining({ code }))
  })
})
