import { describe, expect, it } from 'vitest'
import {
  carryOut,
  createWorld,
  hashOf,
  headOf,
  idOf,
  living,
  move,
  orderOf,
  remove,
  resolve,
  shared,
  update,
  type World,
  type WorldOptions,
} from './test-world.ts'

const COPY = 'f (conflict of right, 1970-01-01 00-00-00)'
const COPY_OF_LEFT = 'f (conflict of left, 1970-01-01 00-00-01)'
const SERVICES = ['left', 'right', 'third']

const versionOf = (world: World, path: string) => headOf(world, path)?.version ?? 0

/** `f` has the content B of left, the copy the C of right; nothing of it is carried out. */
function conflicting(options: WorldOptions = {}): World {
  const world = createWorld(options)
  shared(world, 'f', { content: 'A' })
  update(world, 'left', 'f', { content: 'B', mtime: 1000 })
  update(world, 'right', 'f', { content: 'C', mtime: 500 })
  return world
}

/** The same, and everybody has both files. */
function settled(): World {
  const world = conflicting()
  for (const service of SERVICES) carryOut(world, service, COPY, 'f')
  return world
}

describe('a conflict that is resolved', () => {
  it('for what is at the path deletes the copy everywhere', () => {
    const world = settled()
    const decision = resolve(world, 'f', [COPY], 'f')
    expect(living(world)).toEqual({ f: 'B' })
    for (const service of SERVICES) {
      expect(orderOf(world, service, COPY)).toEqual({ version: versionOf(world, COPY) })
      expect(orderOf(world, service, 'f')).toBeUndefined()
    }
    expect(decision.conflicts).toEqual(new Map([[idOf(COPY), null]]))
    expect(decision.events).toEqual([
      { type: 'conflict_resolved', folder: 'docs', path: 'f', copyPaths: [COPY], keep: 'chosen' },
    ])
  })

  it('for the copy has everybody rename it to the path', () => {
    const world = settled()
    const decision = resolve(world, 'f', [COPY], COPY)
    expect(living(world)).toEqual({ f: 'C' })
    const version = versionOf(world, 'f')
    expect(headOf(world, 'f')).toMatchObject({
      origin: 'right',
      parents: [version - 2, version - 1],
      movedFrom: idOf(COPY),
    })
    for (const service of SERVICES) {
      expect(orderOf(world, service, 'f')).toEqual({ version, movedFrom: idOf(COPY) })
      expect(orderOf(world, service, COPY)).toEqual({ version: version + 1, movedTo: { fid: idOf('f'), version } })
    }
    expect(decision.conflicts).toEqual(new Map([[idOf(COPY), null]]))
  })

  it('for both changes no file', () => {
    const world = settled()
    const decision = resolve(world, 'f', [COPY], null)
    expect(living(world)).toEqual({ f: 'B', [COPY]: 'C' })
    expect(decision.heads.size + decision.orders.size).toBe(0)
    expect(decision.conflicts).toEqual(new Map([[idOf(COPY), null]]))
    expect(decision.events).toMatchObject([{ keep: null }])
  })

  it('for one of several copies deletes the others', () => {
    const world = settled()
    update(world, 'third', 'f', { content: 'D', mtime: 2000 }, 1)
    expect(living(world)).toEqual({ f: 'D', [COPY]: 'C', [COPY_OF_LEFT]: 'B' })
    resolve(world, 'f', [COPY, COPY_OF_LEFT], COPY)
    expect(living(world)).toEqual({ f: 'C' })
  })

  it('for a copy, alone, leaves the others', () => {
    const world = settled()
    update(world, 'third', 'f', { content: 'D', mtime: 2000 }, 1)
    resolve(world, 'f', [COPY], 'f')
    expect(living(world)).toEqual({ f: 'D', [COPY_OF_LEFT]: 'B' })
  })

  it('for the copy brings it back to a path that was deleted meanwhile', () => {
    const world = settled()
    remove(world, 'left', 'f')
    resolve(world, 'f', [COPY], COPY)
    expect(living(world)).toEqual({ f: 'C' })
  })

  it('for the copy before it was ever moved away leaves it where it was made', () => {
    const world = conflicting()
    resolve(world, 'f', [COPY], COPY)
    expect(living(world)).toEqual({ f: 'C' })
    const version = versionOf(world, 'f')
    expect(orderOf(world, 'right', 'f')).toEqual({ version, replaces: hashOf('C') })
    expect(orderOf(world, 'left', 'f')).toMatchObject({ version })
  })

  it('for the copy of a read-only service lets that keep what it has', () => {
    const world = conflicting({ services: { left: {}, right: { mode: 'r' }, third: {} } })
    resolve(world, 'f', [COPY], COPY)
    expect(living(world)).toEqual({ f: 'C' })
    expect(orderOf(world, 'right', 'f')).toMatchObject({ version: versionOf(world, 'f') })
    update(world, 'right', 'f', { content: 'E' })
    expect(living(world)).toEqual({ f: 'E' })
  })
})

describe('what somebody does while a conflict is resolved', () => {
  it('to the file that is kept goes on top of it', () => {
    const world = settled()
    resolve(world, 'f', [COPY], 'f')
    update(world, 'third', 'f', { content: 'E' })
    expect(living(world)).toEqual({ f: 'E' })
  })

  it('to the copy that was deleted brings it back', () => {
    const world = settled()
    resolve(world, 'f', [COPY], 'f')
    update(world, 'third', COPY, { content: 'E' })
    expect(living(world)).toEqual({ f: 'B', [COPY]: 'E' })
  })

  it.each(SERVICES)('on %s to the file that gave way is a conflict again', (service) => {
    const world = settled()
    resolve(world, 'f', [COPY], COPY)
    update(world, service, 'f', { content: 'E', mtime: 100 })
    expect(Object.values(living(world)).sort()).toEqual(['C', 'E'])
  })

  it('to the file that gave way, by the maker of a copy that it does not hold, is a conflict again', () => {
    const world = settled()
    const copy = world.view.files.get(idOf(COPY))
    if (copy === undefined) throw new Error('There is a copy')
    const records = new Map([...copy.records].filter(([service]) => service !== 'right'))
    world.view.files.set(idOf(COPY), { ...copy, records })
    resolve(world, 'f', [COPY], COPY)
    update(world, 'right', 'f', { content: 'E', mtime: 100 })
    expect(Object.values(living(world)).sort()).toEqual(['C', 'E'])
  })

  it('on top of the copy that took its place, and another conflict, has no copy where that copy still is', () => {
    const world = settled()
    resolve(world, 'f', [COPY], COPY)
    update(world, 'third', 'f', { content: 'E', mtime: 9000 })
    expect(living(world)).toEqual({ f: 'E', [COPY.replace(')', ' 2)')]: 'C' })
  })

  it('to the copy that took its place goes with it', () => {
    const world = settled()
    resolve(world, 'f', [COPY], COPY)
    update(world, 'third', COPY, { content: 'E' })
    expect(living(world)).toEqual({ f: 'E' })
  })
})

describe('to resolve a conflict is refused', () => {
  it.each([
    ['the file was edited', (world: World) => update(world, 'third', 'f', { content: 'E' })],
    ['the copy was edited', (world: World) => update(world, 'third', COPY, { content: 'E' })],
    ['the copy was deleted', (world: World) => remove(world, 'third', COPY)],
    ['the copy was renamed', (world: World) => move(world, 'third', COPY, 'g')],
  ])('when %s meanwhile', (_title, change) => {
    const world = settled()
    const before = { f: versionOf(world, 'f'), [COPY]: versionOf(world, COPY) }
    change(world)
    for (const keep of ['f', COPY, null]) {
      const refused = expect.objectContaining({ code: 'CONFLICT_CHANGED' })
      expect(() => resolve(world, 'f', [COPY], keep, before)).toThrow(refused)
    }
  })

  it('for a copy of a file that is a directory now', () => {
    const world = settled()
    update(world, 'left', 'f', { content: '/' })
    expect(() => resolve(world, 'f', [COPY], COPY)).toThrow(expect.objectContaining({ code: 'IS_DIRECTORY' }))
  })

  it('for a file that is there no more', () => {
    const world = settled()
    remove(world, 'left', 'f')
    expect(() => resolve(world, 'f', [COPY], 'f')).toThrow(expect.objectContaining({ code: 'CONFLICT_CHANGED' }))
  })
})

describe('a conflict ends by itself', () => {
  it.each([
    ['is deleted', (world: World) => remove(world, 'third', COPY)],
    ['is renamed', (world: World) => move(world, 'third', COPY, 'g')],
    ['takes the place of the file', (world: World) => move(world, 'third', COPY, 'f')],
  ])('when the copy %s', (_title, change) => {
    expect(change(settled()).conflicts).toEqual(new Map([[idOf(COPY), null]]))
  })
})
