import { expect, it } from 'vitest'
import { createWorld, headOf, idOf, remove, update } from './test-world.ts'

it('gives the whole history of a file, whenever it was loaded in a batch', () => {
  const world = createWorld()
  update(world, 'left', 'a', { content: 'A' })
  const stored = headOf(world, 'a')
  const { view } = world
  view.decided.clear()
  remove(world, 'left', 'a')
  view.histories.set(idOf('a'), stored === undefined ? [] : [stored])
  expect(view.history(idOf('a')).map(({ version, deleted }) => [version, deleted])).toEqual([
    [1, false],
    [2, true],
  ])
  update(world, 'left', 'a', { content: 'A' }, 0)
  expect(headOf(world, 'a')).toMatchObject({ version: 3, deleted: false })
})
