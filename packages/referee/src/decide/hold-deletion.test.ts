import { describe, expect, it } from 'vitest'
import {
  approve,
  carryOut,
  createWorld,
  headOf,
  living,
  move,
  orderOf,
  reject,
  remove,
  shared,
  update,
  type World,
} from './test-world.ts'

const A = { content: 'A' }
const DIRECTORY = { content: '/' }

/** Everybody has the files; what `left` deletes is held from now on. */
function holdingWorld(...paths: string[]): World {
  const world = createWorld()
  for (const path of paths) shared(world, path, path.endsWith('/d') || path === 'd' ? DIRECTORY : A)
  world.holding = ['left']
  return world
}

const heldPaths = (world: World) => [...world.held.values()].map(({ path }) => path)

describe('a deletion that is held', () => {
  it('is kept as it is, and takes nothing from anybody', () => {
    const world = holdingWorld('f')
    const decision = remove(world, 'left', 'f')
    expect(heldPaths(world)).toEqual(['f'])
    expect(living(world)).toEqual({ f: 'A' })
    expect(decision.orders.size).toBe(0)
  })

  it('takes back the acknowledgement that would bring the file back', () => {
    const world = createWorld()
    update(world, 'left', 'f', A)
    carryOut(world, 'right', 'f')
    world.holding = ['left']
    remove(world, 'left', 'f')
    expect(orderOf(world, 'left', 'f')).toBeUndefined()
    expect(heldPaths(world)).toEqual(['f'])
  })

  it('is carried out when it is approved', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    approve(world, 'left', 'f')
    expect(headOf(world, 'f')).toMatchObject({ deleted: true, origin: 'left' })
    expect(orderOf(world, 'right', 'f')).toBeDefined()
    expect(world.held.size).toBe(0)
  })

  it('brings the file back when it is rejected', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    reject(world, 'left', 'f')
    expect(headOf(world, 'f')?.deleted).toBe(false)
    expect(orderOf(world, 'left', 'f')?.version).toBe(headOf(world, 'f')?.version)
    expect(orderOf(world, 'right', 'f')).toBeUndefined()
  })

  it('is held no longer when others edit the file: it comes back at once', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    update(world, 'right', 'f', { content: 'B' })
    expect(heldPaths(world)).toEqual([])
    expect(living(world)).toEqual({ f: 'B' })
    expect(orderOf(world, 'left', 'f')?.version).toBe(headOf(world, 'f')?.version)
  })

  it('stays held when others only set the time of the file', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    update(world, 'right', 'f', { ...A, mtime: 2000 })
    expect(heldPaths(world)).toEqual(['f'])
    approve(world, 'left', 'f')
    expect(living(world)).toEqual({})
  })

  it('is held no longer when others move the file, nor are the deletions of directories that they move', () => {
    const world = holdingWorld('d', 'd/f')
    remove(world, 'left', 'd/f')
    remove(world, 'left', 'd')
    update(world, 'right', 'e', DIRECTORY)
    move(world, 'right', 'd/f', 'e/f')
    expect(heldPaths(world)).toEqual(['d'])
    remove(world, 'right', 'd')
    expect(heldPaths(world)).toEqual([])
    expect(living(world)).toEqual({ e: '/', 'e/f': 'A' })
  })

  it('counts once when it is deleted again at its new place', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    move(world, 'right', 'f', 'g')
    carryOut(world, 'left', 'g', 'f')
    remove(world, 'left', 'g')
    expect(heldPaths(world)).toEqual(['g'])
    approve(world, 'left', 'g')
    expect(living(world)).toEqual({})
  })

  it('is not forgotten when the path that it moved away from gets another file', () => {
    const world = createWorld()
    shared(world, 'f', A)
    update(world, 'right', 'f', { content: 'B', mtime: 3000 })
    update(world, 'left', 'f', { content: 'C', mtime: 2000 })
    const copy = Object.keys(living(world)).find((path) => path !== 'f') ?? ''
    carryOut(world, 'right', copy)
    world.holding = ['left']
    remove(world, 'left', 'f')
    update(world, 'right', 'f', { content: 'D', mtime: 4000 })
    expect(heldPaths(world)).toEqual(['f'])
    approve(world, 'left', 'f')
    expect(living(world)).toEqual({ f: 'D' })
  })

  it('is nothing any more when the file was deleted by somebody else too', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    remove(world, 'right', 'f')
    expect(living(world)).toEqual({})
    expect(heldPaths(world)).toEqual([])
  })

  it('is held no longer when the file is there again', () => {
    const world = holdingWorld('f')
    remove(world, 'left', 'f')
    update(world, 'left', 'f', { content: 'B' })
    expect(heldPaths(world)).toEqual([])
    expect(living(world)).toEqual({ f: 'B' })
  })

  it('is held no longer when another file was moved there', () => {
    const world = holdingWorld('f', 'g')
    remove(world, 'left', 'f')
    move(world, 'left', 'g', 'f')
    expect(heldPaths(world)).toEqual([])
  })

  it('is not held where it takes nothing: the file has changed since, or is gone', () => {
    const world = holdingWorld('f', 'g')
    update(world, 'right', 'f', { content: 'B' })
    remove(world, 'left', 'f')
    world.holding = []
    remove(world, 'right', 'g')
    world.holding = ['left']
    remove(world, 'left', 'g')
    expect(heldPaths(world)).toEqual([])
    expect(orderOf(world, 'left', 'f')).toBeDefined()
  })

  it('is not held where nobody else has the content: it could never arrive anywhere', () => {
    const world = createWorld()
    update(world, 'left', 'f', A)
    world.holding = ['left']
    remove(world, 'left', 'f')
    expect(heldPaths(world)).toEqual([])
    expect(living(world)).toEqual({})
  })

  it('is not held of a write-only service, of which nothing is read', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'w' } } })
    shared(world, 'f', A)
    world.holding = ['right']
    remove(world, 'right', 'f')
    expect(heldPaths(world)).toEqual([])
  })
})

describe('directories', () => {
  it('are held with their files, in whatever order they are told of', () => {
    const world = holdingWorld('d', 'd/f')
    remove(world, 'left', 'd')
    remove(world, 'left', 'd/f')
    expect(heldPaths(world).sort()).toEqual(['d', 'd/f'])
    approve(world, 'left', 'd/f', 'd')
    expect(living(world)).toEqual({})
  })

  it('that were told of before anything was held are held once a file in them is', () => {
    const world = holdingWorld('d', 'd/f')
    world.holding = []
    remove(world, 'left', 'd')
    expect(orderOf(world, 'left', 'd')).toBeDefined()
    world.holding = ['left']
    remove(world, 'left', 'd/f')
    expect(orderOf(world, 'left', 'd')).toBeUndefined()
    expect(heldPaths(world).sort()).toEqual(['d', 'd/f'])
  })

  it('stay when somebody put something into them meanwhile', () => {
    const world = holdingWorld('d', 'd/f')
    remove(world, 'left', 'd/f')
    remove(world, 'left', 'd')
    update(world, 'right', 'd/new', { content: 'N' })
    approve(world, 'left', 'd/f', 'd')
    expect(living(world)).toEqual({ d: '/', 'd/new': 'N' })
  })

  it('of which a file took the place keep their name and their files while deletions are held', () => {
    const world = holdingWorld('d', 'd/f')
    remove(world, 'left', 'd/f')
    update(world, 'left', 'd', { content: 'B' })
    const names = Object.keys(living(world))
    expect(names).toEqual(expect.arrayContaining(['d', 'd/f', expect.stringContaining('d (conflict of left')]))
  })

  it('of more files than may go at once keep their name and their files too', () => {
    const world = createWorld({ folder: { hold_deletions: { files: 1 } } })
    shared(world, 'd', DIRECTORY)
    for (const path of ['d/f', 'd/g']) shared(world, path, A)
    update(world, 'left', 'd', { content: 'B' })
    expect(living(world)).toMatchObject({ d: '/', 'd/f': 'A', 'd/g': 'A' })
  })
})
