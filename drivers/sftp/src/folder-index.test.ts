import { expect, it } from 'vitest'
import { FolderIndex } from './folder-index.ts'

it('misses what was written while the Plug was asked for what it knows', () => {
  const index = new FolderIndex()
  index.learn(new Map([['a/known', '1']]))
  index.wrote('a/written', '2')
  index.learn(new Map([['a/known', '1']]))
  expect([...index.children('a').keys()]).toEqual(['known', 'written'])
  expect(index.get('a/known')).toBe('1')
  expect(index.get('a/written')).not.toBe('2')
})

it('does not take what was deleted or replaced meanwhile for known', () => {
  const index = new FolderIndex()
  const listed = new Map([
    ['deleted', '1'],
    ['replaced', '2'],
  ])
  index.learn(listed)
  index.wrote('deleted', undefined)
  index.wrote('replaced', '3')
  index.learn(listed)
  expect([index.get('deleted'), index.get('replaced')]).toEqual(['', ''])
})
