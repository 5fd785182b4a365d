import { describe, expect, it } from 'vitest'
import {
  acknowledge,
  carryOut,
  createWorld,
  findLater,
  findOrdered,
  hashOf,
  headOf,
  idOf,
  living,
  move,
  noteRename,
  orderOf,
  remove,
  shared,
  update,
} from './test-world.ts'

const COPY = 'a (conflict of left, 1970-01-01 00-00-01)'

/** Left and right made a file at the same time; right keeps the path, left is to rename its own. */
function conflict() {
  const world = createWorld()
  update(world, 'left', 'a', { content: 'L', mtime: 1000 })
  update(world, 'right', 'a', { content: 'R', mtime: 2000 })
  return world
}

describe('a service that was killed before it noted down what it did', () => {
  it('had renamed its file to the copy: what its user does with the copy then is done to the copy', () => {
    const world = conflict()
    move(world, 'left', 'a', COPY)
    expect(orderOf(world, 'left', COPY)).not.toHaveProperty('movedFrom')
    expect(orderOf(world, 'left', 'a')).not.toHaveProperty('movedTo')
    remove(world, 'left', COPY)
    expect(living(world)).toEqual({ a: 'R' })
  })

  it('had renamed its file to the copy, which another has deleted since: nothing else is moved there', () => {
    const world = conflict()
    carryOut(world, 'right', 'a', COPY)
    remove(world, 'right', COPY)
    move(world, 'left', 'a', COPY)
    expect(living(world)).toEqual({ a: 'R' })
    expect(orderOf(world, 'left', COPY)).toMatchObject({ version: headOf(world, COPY)?.version })
    expect(orderOf(world, 'left', 'a')).toMatchObject({ version: headOf(world, 'a')?.version })
  })

  it('had renamed its file, which another has renamed once more since: it goes there from where it is now', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'right', 'a', 'b')
    move(world, 'right', 'b', 'c')
    move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ c: 'A' })
    expect(orderOf(world, 'left', 'c')).toMatchObject({ movedFrom: idOf('b') })
    expect(orderOf(world, 'left', 'b')).toMatchObject({ movedTo: { fid: idOf('c') } })
  })

  it('had written a file without knowing, and has another directory of the name since: what is in that stays', () => {
    const world = createWorld()
    update(world, 'right', 'b', { content: 'B', mtime: 1000 })
    const { version } = headOf(world, 'b') ?? {}
    update(world, 'left', 'b/x', { content: 'X', mtime: 2000 })
    const kept = living(world)
    expect(kept).toMatchObject({ 'b/x': 'X' })
    findOrdered(world, 'left', 'b', { content: 'B', mtime: 1000 }, version ?? 0)
    expect(living(world)).toEqual(kept)
    expect(orderOf(world, 'left', 'b')).toMatchObject({ replaces: hashOf('B') })
  })

  it('had renamed its file to the copy without knowing, which looked like a deletion first: the copy is there again', () => {
    const world = conflict()
    const { version } = headOf(world, COPY) ?? {}
    remove(world, 'left', 'a')
    expect(living(world)).toEqual({ a: 'R' })
    findOrdered(world, 'left', COPY, { content: 'L', mtime: 1000 }, version ?? 0)
    expect(living(world)).toEqual({ a: 'R', [COPY]: 'L' })
  })

  it('had renamed its file without knowing, which looked like a deletion first: it is there again as it was', () => {
    const world = conflict()
    const { version } = headOf(world, COPY) ?? {}
    remove(world, 'left', 'a')
    findOrdered(world, 'left', COPY, { content: 'L', mtime: 5000, mode: 0o600 }, version ?? 0)
    expect(headOf(world, COPY)).toMatchObject({ deleted: false, mtime: 1000, mode: 0o644 })
  })

  it('had written a file that another has deleted since: it stays deleted', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A' })
    remove(world, 'left', 'a')
    update(world, 'right', 'a', { content: 'A' })
    expect(living(world)).toEqual({})
    expect(orderOf(world, 'right', 'a')).toMatchObject({ version: 2, replaces: headOf(world, 'a')?.hash })
  })

  it('had written a file that another has deleted since with its directory: that goes once the file has gone', () => {
    const world = createWorld()
    update(world, 'right', 'd/a', { content: 'A', mtime: 1000 })
    const { version } = headOf(world, 'd/a') ?? {}
    carryOut(world, 'left', 'd')
    remove(world, 'right', 'd/a')
    remove(world, 'right', 'd')
    // It found the directory not empty, and kept it.
    acknowledge(world, 'left', 'd')
    findOrdered(world, 'left', 'd/a', { content: 'A', mtime: 1000 }, version ?? 0)
    expect(living(world)).toEqual({})
    expect(orderOf(world, 'left', 'd/a')).toMatchObject({ version: headOf(world, 'd/a')?.version })
    expect(orderOf(world, 'left', 'd')).toMatchObject({ version: headOf(world, 'd')?.version })
  })

  it.each([
    { what: 'a file without its time', given: { content: 'A', mtime: 5000 } },
    { what: 'a file without its mode', given: { content: 'A', mtime: 1000, mode: 0o600 } },
    { what: 'a directory without its mode', given: { content: '/', mode: 0o700 } },
  ])('had made $what: nobody changed that', ({ given }) => {
    const world = createWorld()
    update(world, 'left', 'a', { ...given, mtime: 1000, mode: 0o644 })
    const before = headOf(world, 'a')
    findOrdered(world, 'right', 'a', given, before?.version ?? 0)
    expect(headOf(world, 'a')).toEqual(before)
    expect(orderOf(world, 'right', 'a')).toMatchObject({ version: before?.version, attributes: true })
  })

  it('had written a file that another has edited since: that is no conflict', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A' })
    update(world, 'left', 'a', { content: 'B', mtime: 2000 })
    update(world, 'right', 'a', { content: 'A' })
    expect(living(world)).toEqual({ a: 'B' })
  })

  it('had written a file with times in seconds that another has deleted since: it stays deleted', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A', mtime: 1234 })
    remove(world, 'left', 'a')
    update(world, 'right', 'a', { content: 'A', mtime: 1000 })
    expect(living(world)).toEqual({})
  })

  it('is not confused with a user who made the same content later', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A', mtime: 1000 })
    remove(world, 'left', 'a')
    update(world, 'right', 'a', { content: 'A', mtime: 9000 })
    expect(living(world)).toEqual({ a: 'A' })
  })
})

describe('a service that tells of what the head holds before it heard of it', () => {
  it('has seen it: a deletion that follows deletes it', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A' })
    update(world, 'right', 'a', { content: 'A' })
    remove(world, 'right', 'a')
    expect(living(world)).toEqual({})
  })

  it('has seen it: an edit that follows is no conflict', () => {
    const world = createWorld()
    update(world, 'left', 'a', { content: 'A' })
    update(world, 'right', 'a', { content: 'A' })
    update(world, 'right', 'a', { content: 'B' })
    expect(living(world)).toEqual({ a: 'B' })
  })
})

describe('a content that goes on living where another service had moved it', () => {
  /** Left has moved a to b; right, which was to do the same, has lost it; third has got it at b. */
  function moved() {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    carryOut(world, 'third', 'b')
    remove(world, 'right', 'a')
    return world
  }

  it('is fetched from there', () => {
    const world = moved()
    expect(living(world)).toEqual({ b: 'A' })
    expect(orderOf(world, 'right', 'b')).not.toHaveProperty('movedFrom')
  })

  it('is another file than what is made at the old place then', () => {
    const world = moved()
    update(world, 'right', 'a', { content: 'N' })
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
  })
})

it('what nobody holds any more is not waited for, whoever deleted it last', () => {
  const world = createWorld()
  shared(world, 'a', { content: 'A' })
  update(world, 'left', 'a', { content: 'B' })
  const file = world.view.files.get(headOf(world, 'a')?.fid ?? '')
  expect(file?.head?.version).toBe(2)
  // Left has lost it, and what it told of that was not believed.
  if (file?.head !== undefined)
    world.view.files.set(file.head.fid, {
      ...file,
      records: new Map(file.records).set('left', lost(file.records.get('left'))),
    })
  remove(world, 'right', 'a')
  expect(living(world)).toEqual({})
})

function lost<R>(record: R) {
  return { ...record, token: null } as R & { token: null }
}

it('an edit at the old place of a file that was moved and edited by another becomes a copy, and is moved there from where it is', () => {
  const world = createWorld()
  shared(world, 'a', { content: 'A', mtime: 1000 })
  move(world, 'left', 'a', 'b')
  update(world, 'left', 'b', { content: 'B', mtime: 3000 })
  update(world, 'right', 'a', { content: 'C', mtime: 2000 })
  const copy = 'b (conflict of right, 1970-01-01 00-00-02)'
  expect(living(world)).toEqual({ b: 'B', [copy]: 'C' })
  expect(orderOf(world, 'right', copy)).toMatchObject({ movedFrom: idOf('a') })
  expect(orderOf(world, 'right', 'a')).toMatchObject({
    movedTo: { fid: idOf(copy) },
    replaces: hashOf('C'),
  })
  expect(orderOf(world, 'right', 'b')).not.toHaveProperty('movedFrom')
  remove(world, 'right', 'a')
  expect(living(world)).toEqual({ b: 'B' })
})

it('a content that has its copy already, and waits to be replaced, is no change when its time is set', () => {
  const world = conflict()
  carryOut(world, 'left', COPY)
  update(world, 'left', 'a', { content: 'L', mtime: 9000 })
  expect(living(world)).toEqual({ a: 'R', [COPY]: 'L' })
  expect(orderOf(world, 'left', 'a')).toMatchObject({ replaces: hashOf('L') })
})

describe('a file that another moved and edited in one step', () => {
  function movedAndEdited() {
    const world = createWorld()
    shared(world, 'a', { content: 'A', mtime: 1000 })
    move(world, 'left', 'a', 'b', { content: 'B', mtime: 3000 })
    return world
  }

  it('is not taken for what was edited at the old place: that becomes a copy, and both contents stay', () => {
    const world = movedAndEdited()
    update(world, 'right', 'a', { content: 'C', mtime: 2000 })
    const copy = 'b (conflict of right, 1970-01-01 00-00-02)'
    expect(living(world)).toEqual({ b: 'B', [copy]: 'C' })
    expect(orderOf(world, 'right', copy)).toMatchObject({ movedFrom: idOf('a') })
    expect(orderOf(world, 'right', 'a')).toMatchObject({ movedTo: { fid: idOf(copy) }, replaces: hashOf('C') })
  })

  it('takes the place of what is at the old one, where only the mode was changed', () => {
    const world = movedAndEdited()
    update(world, 'right', 'a', { content: 'A', mtime: 1000, mode: 0o600 })
    expect(living(world)).toEqual({ b: 'B' })
    expect(orderOf(world, 'right', 'a')).toMatchObject({ movedTo: { fid: idOf('b') }, replaces: hashOf('A') })
  })

  it('ends where the old content was moved to', () => {
    const world = movedAndEdited()
    move(world, 'right', 'a', 'c')
    expect(living(world)).toEqual({ c: 'B' })
  })

  it('stays when the old content is deleted', () => {
    const world = movedAndEdited()
    remove(world, 'right', 'a')
    expect(living(world)).toEqual({ b: 'B' })
  })
})

it('an edit of a read-only service, of a file that was moved from there before anybody had its content, leaves what others have at the new path', () => {
  const world = createWorld({ services: { left: { mode: 'r' }, right: {}, third: {} } })
  shared(world, 'a', { content: 'A', mtime: 1000 })
  update(world, 'left', 'a', { content: 'B', mtime: 2000 })
  move(world, 'right', 'a', 'c')
  expect(living(world)).toMatchObject({ c: 'B' })
  update(world, 'left', 'a', { content: 'C', mtime: 3000 })
  expect(living(world)).toEqual({ a: 'C', c: 'A' })
})

it('what was written into a folder that is only written, and was deleted since, goes when it is found', () => {
  const world = createWorld({ services: { left: {}, right: { mode: 'w' } } })
  update(world, 'left', 'a', { content: 'A', mtime: 1000 })
  const { version } = headOf(world, 'a') ?? {}
  remove(world, 'left', 'a')
  carryOut(world, 'right', 'a')
  findOrdered(world, 'right', 'a', { content: 'A', mtime: 1000 }, version ?? 0)
  expect(orderOf(world, 'right', 'a')).toMatchObject({ version: headOf(world, 'a')?.version })
})

describe('a user who moves a file back to where another had it before', () => {
  it('has moved it, though the content and its time are what the service might have been told to write there', () => {
    const world = createWorld()
    update(world, 'left', 'b', { content: 'A', mtime: 1000 })
    move(world, 'left', 'b', 'c')
    carryOut(world, 'right', 'c')
    move(world, 'right', 'c', 'b')
    expect(living(world)).toEqual({ b: 'A' })
  })

  it('has moved it, though it was there on the same service too', () => {
    const world = createWorld()
    shared(world, 'b', { content: 'A', mtime: 1000 })
    move(world, 'left', 'b', 'c')
    carryOut(world, 'right', 'c')
    move(world, 'right', 'c', 'b')
    expect(living(world)).toEqual({ b: 'A' })
  })
})

it('a service that is no target but was to have the version before is told of the next one: it may have carried that order out meanwhile', () => {
  const world = createWorld({ rules: [{ match: { path: '/a' }, sync: ['left', 'right'] }] })
  shared(world, 'a', { content: 'A', mtime: 1000 })
  move(world, 'left', 'a', 'c')
  expect(orderOf(world, 'right', 'c')).toBeDefined()
  update(world, 'left', 'c', { content: 'B', mtime: 2000 })
  expect(orderOf(world, 'right', 'c')).toMatchObject({ version: headOf(world, 'c')?.version })
})

describe('a rename that a driver may have carried out, and said nothing of', () => {
  /** Right was told to rename a to b, and its Plug has noted that it may have. */
  function unanswered() {
    const world = createWorld()
    shared(world, 'a', { content: 'A', mtime: 1000 })
    move(world, 'left', 'a', 'b')
    carryOut(world, 'left', 'b', 'a')
    noteRename(world, 'right', 'b')
    const { version = 0 } = headOf(world, 'b') ?? {}
    return {
      world,
      findRenamed: () => findOrdered(world, 'right', 'b', { content: 'A', mtime: 1000 }, version, { renamed: true }),
    }
  }

  it('leaves the old place free: what is there is another file, whichever is told of first', () => {
    const { world, findRenamed } = unanswered()
    update(world, 'right', 'a', { content: 'N', mtime: 5000 })
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
    findRenamed()
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
  })

  it('leaves it free also when its Plug has found what was renamed, and the Referee hears of the old place first', () => {
    const { world } = unanswered()
    const { version = 0 } = headOf(world, 'b') ?? {}
    const { find } = findLater(world, 'right', 'b', { content: 'A', mtime: 1000 }, version)
    update(world, 'right', 'a', { content: 'N', mtime: 5000 })
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
    find()
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
  })

  it('was none where nobody has moved what was at the old place: a user did, also to where the same content had been', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A', mtime: 1000 })
    update(world, 'right', 'b', { content: 'A', mtime: 1000 })
    remove(world, 'right', 'b')
    move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ b: 'A' })
  })

  it('is no deletion when nothing is at the old place, where a directory is to be', () => {
    const world = createWorld()
    shared(world, 'p', { content: 'A', mtime: 1000 })
    update(world, 'third', 'p', { content: '/' }, 0)
    const copy = Object.keys(living(world)).find((path) => path !== 'p') ?? ''
    expect(orderOf(world, 'right', copy)).toMatchObject({ movedFrom: idOf('p') })
    noteRename(world, 'right', copy)
    remove(world, 'right', 'p')
    expect(living(world)).toEqual({ p: '/', [copy]: 'A' })
  })

  it.each([{ first: 'the old place' }, { first: 'the new one' }])(
    'is no deletion of what is to be moved elsewhere by now, whichever is told of first: $first',
    ({ first }) => {
      const { world, findRenamed } = unanswered()
      move(world, 'left', 'b', 'c')
      expect(orderOf(world, 'right', 'c')).toMatchObject({ movedFrom: idOf('a') })
      if (first === 'the new one') findRenamed()
      remove(world, 'right', 'a')
      if (first === 'the old place') findRenamed()
      expect(living(world)).toEqual({ c: 'A' })
    },
  )

  it.each([{ first: 'the old place' }, { first: 'the new one' }])(
    'is no deletion of a copy of which the name was taken by another file meanwhile, whichever is told of first: $first',
    ({ first }) => {
      const world = createWorld()
      shared(world, 'p', { content: 'A', mtime: 1000 })
      update(world, 'third', 'p', { content: '/' }, 0)
      const copy = Object.keys(living(world)).find((path) => path !== 'p') ?? ''
      noteRename(world, 'right', copy)
      const { version = 0 } = headOf(world, copy) ?? {}
      update(world, 'left', copy, { content: 'D', mtime: 5000 }, 0)
      const find = () => findOrdered(world, 'right', copy, { content: 'A', mtime: 1000 }, version, { renamed: true })
      if (first === 'the new one') find()
      remove(world, 'right', 'p')
      if (first === 'the old place') find()
      expect(Object.values(living(world)).sort()).toEqual(['/', 'A', 'D'])
    },
  )

  it('is no deletion of a copy that nobody else has yet either, where it has been found under the name that another file has taken', () => {
    const world = createWorld()
    shared(world, 'p', { content: 'A', mtime: 1000 })
    const base = headOf(world, 'p')?.version
    update(world, 'right', 'p', { content: 'B', mtime: 2000 }, base)
    update(world, 'left', 'p', { content: 'C', mtime: 3000 }, base)
    const copy = 'p (conflict of right, 1970-01-01 00-00-02)'
    const { version = 0 } = headOf(world, copy) ?? {}
    noteRename(world, 'right', copy)
    update(world, 'left', copy, { content: 'D', mtime: 5000 }, 0)
    const found = findLater(world, 'right', copy, { content: 'B', mtime: 2000 }, version)
    remove(world, 'right', 'p')
    const next = Object.keys(living(world)).find((path) => living(world)[path] === 'B') ?? ''
    expect(orderOf(world, 'right', next)).toMatchObject({ movedFrom: idOf(copy) })
    found.find()
    expect(Object.values(living(world)).sort()).toEqual(['B', 'C', 'D'])
    expect(orderOf(world, 'right', copy)).toMatchObject({ movedTo: { fid: idOf(next) } })
  })

  it('gives way, where it is found, to what others made of it meanwhile', () => {
    const { world, findRenamed } = unanswered()
    update(world, 'left', 'b', { content: 'B', mtime: 5000 })
    findRenamed()
    expect(living(world)).toEqual({ b: 'B' })
  })

  it('is not waited for where nobody else has the content: then another file at the old place is an edit of it, and both stay when it was none', () => {
    const world = createWorld()
    shared(world, 'p', { content: '/' })
    update(world, 'right', 'p', { content: 'A', mtime: 1000 }, 0)
    const copy = 'p (conflict of right, 1970-01-01 00-00-01)'
    const { version = 0 } = headOf(world, copy) ?? {}
    noteRename(world, 'right', copy)
    update(world, 'right', 'p', { content: 'N', mtime: 5000 })
    expect(living(world)).toEqual({ p: '/', [copy]: 'N' })
    findOrdered(world, 'right', copy, { content: 'A', mtime: 1000 }, version, { renamed: true })
    expect(Object.values(living(world)).sort()).toEqual(['/', 'A', 'N'])
  })

  it('loses no edit at the old place, where it was not carried out', () => {
    const { world } = unanswered()
    update(world, 'right', 'a', { content: 'E', mtime: 5000 })
    expect(living(world)).toEqual({ a: 'E', b: 'A' })
    expect(orderOf(world, 'right', 'b')).not.toHaveProperty('movedFrom')
  })
})

describe('a service that cannot rename, where a file lost its place to a directory', () => {
  /** Right has its file still where the directory is to be, and is to have it under the name of the copy. */
  function conflicted() {
    const world = createWorld()
    update(world, 'right', 'p', { content: 'Q', mtime: 1000 })
    update(world, 'left', 'p', { content: '/' })
    update(world, 'left', 'p/q', { content: 'A' })
    update(world, 'right', 'p', { content: 'R', mtime: 2000 })
    const copy = 'p (conflict of right, 1970-01-01 00-00-01)'
    expect(living(world)).toEqual({ p: '/', 'p/q': 'A', [copy]: 'R' })
    expect(orderOf(world, 'right', copy)).toMatchObject({ movedFrom: idOf('p') })
    return { world, copy }
  }

  it('may remove it there once it is found under that name', () => {
    const { world, copy } = conflicted()
    update(world, 'right', copy, { content: 'R', mtime: 2000 })
    expect(orderOf(world, 'right', copy)).not.toHaveProperty('movedFrom')
    const order = orderOf(world, 'right', 'p')
    expect(order).toMatchObject({ replaces: hashOf('R') })
    expect(order).not.toHaveProperty('movedTo')
  })

  it('may remove it there when it was copied and the directory is deleted', () => {
    const { world, copy } = conflicted()
    carryOut(world, 'right', copy)
    remove(world, 'left', 'p/q')
    remove(world, 'left', 'p')
    expect(living(world)).toEqual({ [copy]: 'R' })
    expect(orderOf(world, 'right', 'p')).toMatchObject({
      version: headOf(world, 'p')?.version,
      replaces: hashOf('R'),
    })
  })
})
