import { describe, expect, it } from 'vitest'
import { describeCount, describeHeld } from './describe-held.ts'

describe('describeHeld', () => {
  it('says what is held and which commands end that', () => {
    expect(describeHeld({ service: 'left', folder: 'docs', files: 1_500, directories: 1 })).toBe(
      '1,500 files and 1 directory deleted on left in folder docs, nowhere else yet: `onitu approve left --folder docs` deletes them everywhere, `onitu reject left --folder docs` brings them back',
    )
  })

  it('gives names that a shell takes for one word', () => {
    const held = { service: "my brother's", folder: 'a b', files: 1, directories: 0 }
    expect(describeHeld(held)).toContain("`onitu approve 'my brother'\\''s' --folder 'a b'`")
  })

  it.each([
    [1, 0, '1 file'],
    [0, 2, '2 directories'],
    [0, 0, '0 files'],
  ])('%i files and %i directories are %s', (files, directories, text) => {
    expect(describeCount({ files, directories })).toBe(text)
  })
})
