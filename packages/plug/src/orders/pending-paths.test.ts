import { describe, expect, it } from 'vitest'
import { PendingPaths } from './pending-paths.ts'

describe('PendingPaths', () => {
  it('knows what is pending below a path until the last of it is gone', () => {
    const paths = new PendingPaths()
    paths.add('1', 'docs', 'a/b/c', false)
    paths.add('2', 'docs', 'a/d', false)
    expect(paths.hasBelow('docs', 'a')).toBe(true)
    expect(paths.hasBelow('docs', 'a/d')).toBe(false)
    expect(paths.hasBelow('other', 'a')).toBe(false)
    expect(paths.remove('1')).toEqual(['docs:a/b'])
    expect(paths.remove('2')).toEqual(['docs:a'])
    expect(paths.remove('2')).toEqual([])
  })

  it('names the files above a path that have to go', () => {
    const paths = new PendingPaths()
    paths.add('1', 'docs', 'a', true)
    paths.add('2', 'docs', 'a/b/c', false)
    expect(paths.clearedAbove('docs', 'a/b/c')).toEqual(['1'])
    paths.add('1', 'docs', 'a', false)
    expect(paths.clearedAbove('docs', 'a/b/c')).toEqual([])
  })
})
