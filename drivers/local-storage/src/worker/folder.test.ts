import { expect, it } from 'vitest'
import { Folder } from './folder.ts'

const ROOT = { device: 1n, inode: 1n }

function openFolder(): Folder {
  const place = { name: 'docs', path: '/nowhere', mode: 'rw', identity: 'test:docs', known: true } as const
  const folder = new Folder(
    place,
    () => {},
    () => {},
  )
  folder.addKnown([['file', 'f1-1-1-644']])
  folder.open(ROOT)
  return folder
}

const gone = (folder: Folder, path: string) => folder.sawNothing(path).map((entry) => entry.path)

it('believes what the Plug knows when it opens for the first time', () => {
  expect(openFolder().reported('file')).toBe('f1-1-1-644')
})

it('misses what was written while the Plug was asked for what it knows', () => {
  const folder = openFolder()
  folder.addKnown([['file', 'f1-1-1-644']])
  folder.wrote('written', 'f2-1-1-644')
  folder.open(ROOT)
  expect(gone(folder, 'written')).toEqual(['written'])
  expect(gone(folder, 'file')).toEqual(['file'])
})

it('tells again of what was told to be gone, or to be another, while the Plug was asked', () => {
  const folder = openFolder()
  folder.addKnown([
    ['file', 'f1-1-1-644'],
    ['other', 'f3-1-1-644'],
  ])
  folder.told('file', undefined)
  folder.wrote('other', 'f4-1-1-644')
  folder.open(ROOT)
  for (const [path, token] of [
    ['file', 'f1-1-1-644'],
    ['other', 'f3-1-1-644'],
    ['other', 'f4-1-1-644'],
  ] as const)
    expect(folder.reported(path)).not.toBe(token)
})

it('knows what the Plug was told before, when it opens again', () => {
  const folder = openFolder()
  folder.addKnown([['file', 'f1-1-1-644']])
  folder.open(ROOT)
  expect(folder.reported('file')).toBe('f1-1-1-644')
})
