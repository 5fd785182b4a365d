import { v5 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { fileId, isFileId } from './fid.ts'

describe('fileId', () => {
  it.each([
    ['default', 'file'],
    ['docs', 'ùñï©∅ð€ 1'],
    ['docs', 'a/b/c:d'],
  ])('is the uuid v5 of FOLDER:PATH (%s, %s)', (folder, path) => {
    expect(fileId(folder, path)).toBe(v5(`${folder}:${path}`, 'bcd336f2-d023-4856-bc92-e79dd24b64d7'))
    expect(isFileId(fileId(folder, path))).toBe(true)
  })

  it('tells other texts apart from ids', () => {
    for (const value of ['', 'x', 7, undefined, 'bcd336f2-d023-4856-bc92-e79dd24b64d7'])
      expect(isFileId(value)).toBe(false)
  })
})
