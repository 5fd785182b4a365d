import { mimetypeOf } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { filterFile } from './filter-file.ts'
import { folderOptionsProblems, parseFolderOptions, serviceFolderOptionsProblems } from './folder-options.ts'

const file = (path: string, size = 0) => ({ kind: 'file' as const, path, size, mimetype: mimetypeOf(path) })
const refusal = (options: unknown, path: string, size = 0) =>
  filterFile(parseFolderOptions(options), file(path, size))?.reason

describe('folder options', () => {
  it('accept everything when absent', () => {
    for (const size of [0, 42, 1e12]) expect(refusal({}, 'any/file.bin', size)).toBeUndefined()
    expect(refusal(undefined, 'any')).toBeUndefined()
  })

  it.each([
    [{ min: 1024 }, [0, 42, 1023], [1024, 2048]],
    [{ max: 1024 }, [2048], [0, 42, 1024]],
    [{ min: 100, max: '200' }, [0, 42, 250], [100, 123, 200]],
  ])('file_size %j includes its bounds', (file_size, refused, accepted) => {
    for (const size of refused) expect(refusal({ file_size }, 'a', size)).toBe('size')
    for (const size of accepted) expect(refusal({ file_size }, 'a', size)).toBeUndefined()
  })

  it('match mimetypes as shell patterns on the whole type', () => {
    const options = { mimetypes: ['application/json', 'image/*', 'application/vnd.oasis.opendocument.*', '*/ogg'] }
    for (const name of ['a.json', 'a.png', 'a.svg', 'a.odt', 'a.ogg']) expect(refusal(options, name)).toBeUndefined()
    for (const name of ['a.txt', 'a.js', 'a']) expect(refusal(options, name)).toBe('mimetype')
  })

  const patterns = ['foo.jpg', 'dir/*', '*.mp3', 't?t?']
  const matched = ['foo.jpg', 'dir/a', 'dir/a/b', 'lol.mp3', 'foo/bar/lol.mp3', 'toto', '.hidden.mp3']
  const unmatched = ['dir', 'tototo', 'FOO.jpg', 'lol.MP3', 'foo']

  it('refuse what the blacklist matches; * crosses /, case matters', () => {
    for (const name of matched) expect(refusal({ blacklist: patterns }, name)).toBe('blacklisted')
    for (const name of unmatched) expect(refusal({ blacklist: patterns }, name)).toBeUndefined()
  })

  it('refuse what the whitelist does not match', () => {
    for (const name of matched) expect(refusal({ whitelist: patterns }, name)).toBeUndefined()
    for (const name of unmatched) expect(refusal({ whitelist: patterns }, name)).toBe('not_whitelisted')
  })

  it('take a leading / in a pattern as the root of the folder', () => {
    expect(refusal({ blacklist: ['/a/*'] }, 'a/b')).toBe('blacklisted')
  })

  it('take an empty list as no list', () => {
    expect(refusal({ whitelist: [], mimetypes: [] }, 'a')).toBeUndefined()
  })
})

describe('folderOptionsProblems', () => {
  it('names every problem with its place', () => {
    const value = { blacklist: '*.tmp', file_size: { min: 'toto' }, modes: 'r' }
    expect(folderOptionsProblems(value).map((problem) => problem.path.join('.'))).toEqual(
      expect.arrayContaining(['blacklist', 'file_size.min', 'modes']),
    )
  })

  it('finds none in good or absent options', () => {
    expect(folderOptionsProblems(undefined)).toEqual([])
    expect(folderOptionsProblems({ conflict: ['left'], file_size: { max: '2G' } })).toEqual([])
    expect(serviceFolderOptionsProblems({ mode: 'rw', whitelist: ['a'] })).toEqual([])
    expect(folderOptionsProblems({ history: { age: '30d', size: '10G' } })).toEqual([])
    expect(serviceFolderOptionsProblems({ history: false })).toEqual([])
  })

  it('knows the modes', () => {
    expect(serviceFolderOptionsProblems({ mode: 'x' })).toEqual([{ path: ['mode'], message: 'Expected r, w or rw' }])
  })
})
