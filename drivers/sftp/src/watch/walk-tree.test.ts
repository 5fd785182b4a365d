import { expect, test } from 'vitest'
import { walkTree } from './walk-tree.ts'

/** Directories by what they are in; each is visited when the test says so. */
function tree(inside: Readonly<Record<string, readonly string[]>>) {
  const open = new Map<string, { end: () => void; fail: (reason: Error) => void }>()
  const visited: string[] = []
  const visit = (directory: string) =>
    new Promise<readonly string[]>((resolve, reject) => {
      visited.push(directory)
      const close = () => open.delete(directory)
      open.set(directory, {
        end: () => close() && resolve(inside[directory] ?? []),
        fail: (reason) => close() && reject(reason),
      })
    })
  return { open, visited, visit }
}

test('every directory is visited once, so many at a time', async () => {
  const { open, visited, visit } = tree({ '': ['a', 'b', 'c'], b: ['b/x', 'b/y'] })
  const walk = walkTree('', 2, visit)
  let most = 0
  while (open.size > 0) {
    most = Math.max(most, open.size)
    for (const { end } of [...open.values()]) end()
    await new Promise(setImmediate)
  }
  await walk
  expect(most).toBe(2)
  expect(visited.sort()).toEqual(['', 'a', 'b', 'b/x', 'b/y', 'c'])
})

test('after a failure none is begun, and those under way are waited for', async () => {
  const { open, visited, visit } = tree({ '': ['a', 'b', 'c'] })
  let ended = false
  const walk = walkTree('', 2, visit).finally(() => {
    ended = true
  })
  const failing = expect(walk).rejects.toThrow('a cannot be listed')
  open.get('')?.end()
  await new Promise(setImmediate)
  open.get('a')?.fail(new Error('a cannot be listed'))
  await new Promise(setImmediate)
  expect({ ended, visited }).toEqual({ ended: false, visited: ['', 'a', 'b'] })
  open.get('b')?.end()
  await failing
})
