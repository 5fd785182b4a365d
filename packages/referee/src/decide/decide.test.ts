import { describe, expect, it } from 'vitest'
import {
  acknowledge,
  carryOut,
  createWorld,
  hashOf,
  headOf,
  idOf,
  living,
  miss,
  move,
  orderOf,
  putBack,
  putBeside,
  remove,
  setTime,
  shared,
  update,
  type World,
} from './test-world.ts'

const versionOf = (world: World, path: string) => headOf(world, path)?.version
const typesOf = (decision: { events: readonly { type: string }[] }) => decision.events.map(({ type }) => type)
const COPY = 'f (conflict of right, 1970-01-01 00-00-00)'
const COPY_OF_LEFT = 'f (conflict of left, 1970-01-01 00-00-01)'

describe('an update', () => {
  it("of the time to what a service shows that keeps whole seconds is nobody's: it was told to set it, and said nothing of it", () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'A', mtime: 7345.5 })
    update(world, 'right', 'f', { content: 'A', mtime: 7000 })
    expect(headOf(world, 'f')).toMatchObject({ mtime: 7345.5, origin: 'left' })
  })

  it('of what was moved away and back, with another time, has the time set where the content is still', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    move(world, 'left', 'f', 'g')
    move(world, 'left', 'g', 'f', { content: 'A', mtime: 3000 })
    expect(orderOf(world, 'right', 'f')).toMatchObject({ version: headOf(world, 'f')?.version, attributes: true })
  })

  it('of the time alone, of what is still to be moved, is for the service itself as well: it may be putting it there with the one before', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    move(world, 'left', 'f', 'g')
    update(world, 'right', 'f', { content: 'A', mtime: 3000 })
    expect(headOf(world, 'g')).toMatchObject({ mtime: 3000 })
    expect(orderOf(world, 'right', 'g')).toMatchObject({ attributes: true, movedFrom: idOf('f') })
  })

  it('of a new file goes to everyone, and is acknowledged where it was made', () => {
    const world = createWorld()
    const decision = update(world, 'left', 'f', { content: 'A' })
    for (const service of ['left', 'right', 'third']) expect(orderOf(world, service, 'f')).toEqual({ version: 1 })
    expect(typesOf(decision)).toEqual(['file_updated'])
  })

  it('on top of the head is a fast-forward', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'right', 'f', { content: 'B' })
    expect(headOf(world, 'f')).toMatchObject({ hash: hashOf('B'), parents: [1], origin: 'right' })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2 })
  })

  it('with the content of the head makes no version and concerns only that service', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A' })
    const decision = update(world, 'right', 'f', { content: 'A', mtime: 7 })
    expect(versionOf(world, 'f')).toBe(1)
    expect([...decision.orders.keys()]).toEqual(['right'])
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 1, seen: true, attributes: true })
    expect(decision.events).toEqual([])
  })

  it('of attributes alone makes a version that asks the others only for the attributes', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'right', 'f', { content: 'A', mode: 0o755 })
    expect(headOf(world, 'f')).toMatchObject({ version: 2, mode: 0o755 })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2, attributes: true })
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 2 })
  })

  it('of the mode of a directory reaches the others too', () => {
    const world = createWorld()
    shared(world, 'd', { content: '/', mode: 0o755 })
    update(world, 'right', 'd', { content: '/', mode: 0o700 })
    expect(headOf(world, 'd')).toMatchObject({ version: 2, mode: 0o700 })
    expect(orderOf(world, 'left', 'd')).toEqual({ version: 2, attributes: true })
  })

  it('written before its own earlier one was acknowledged is no conflict', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A' }, 0)
    update(world, 'left', 'f', { content: 'B' }, 0)
    expect(living(world)).toEqual({ f: 'B' })
  })

  it('is no conflict when only attributes changed since its base', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'A', mode: 0o600 })
    update(world, 'right', 'f', { content: 'B' })
    expect(living(world)).toEqual({ f: 'B' })
  })

  it('that follows a deletion it had not seen brings the file back', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    remove(world, 'left', 'f')
    update(world, 'right', 'f', { content: 'B' })
    expect(living(world)).toEqual({ f: 'B' })
  })

  it('of attributes alone does not bring back what was deleted', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    remove(world, 'left', 'f')
    update(world, 'right', 'f', { content: 'A', mode: 0o600 })
    expect(living(world)).toEqual({})
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 2, replaces: hashOf('A') })
  })
})

describe('a conflict', () => {
  const conflicting = (folder: unknown, right: { mtime: number; content?: string }) => {
    const world = createWorld({ folder })
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'B', mtime: 1000 })
    const decision = update(world, 'right', 'f', { content: 'C', ...right })
    return { world, decision }
  }

  it('leaves word where the content of a service belongs that has moved it and gets no file at the path', () => {
    const world = createWorld({ rules: [{ match: { path: '/b' }, sync: ['left'] }] })
    update(world, 'left', 'f', { content: 'A' })
    carryOut(world, 'left', 'f')
    const file = world.view.files.get(idOf('f'))
    const record = file?.records.get('left')
    if (file === undefined || record === undefined) throw new Error('left has the file')
    const records = new Map([['left', { ...record, token: null, reported: 2 }]])
    world.view.files.set(idOf('f'), { ...file, records })
    update(world, 'right', 'f', { content: 'B', mtime: 9000 })
    expect(orderOf(world, 'left', 'f')).toMatchObject({ movedTo: { fid: idOf(COPY_OF_LEFT) } })
  })

  it('that the arriving content loses moves it to a copy, where it was made first', () => {
    const { world, decision } = conflicting({}, { mtime: 500 })
    expect(living(world)).toEqual({ f: 'B', [COPY]: 'C' })
    const version = versionOf(world, COPY) ?? 0
    expect(orderOf(world, 'right', COPY)).toEqual({ version, movedFrom: idOf('f') })
    expect(orderOf(world, 'right', 'f')).toEqual({
      version: 2,
      movedTo: { fid: idOf(COPY), version },
      replaces: hashOf('C'),
    })
    expect(orderOf(world, 'left', COPY)).toEqual({ version })
    expect(decision.conflicts.get(idOf(COPY))).toMatchObject({
      path: 'f',
      copyPath: COPY,
      winner: 'left',
      loser: 'right',
    })
    expect(typesOf(decision)).toContain('conflict')
  })

  it('that the arriving content wins moves the head to a copy, where it is held', () => {
    const { world } = conflicting({}, { mtime: 2000 })
    expect(living(world)).toEqual({ f: 'C', [COPY_OF_LEFT]: 'B' })
    const version = versionOf(world, COPY_OF_LEFT) ?? 0
    expect(orderOf(world, 'left', COPY_OF_LEFT)).toEqual({ version, movedFrom: idOf('f') })
    expect(orderOf(world, 'left', 'f')).toMatchObject({
      version: versionOf(world, 'f'),
      movedTo: { fid: idOf(COPY_OF_LEFT) },
    })
    expect(orderOf(world, 'third', COPY_OF_LEFT)).toEqual({ version })
  })

  it.each([
    ['newest, equal times: who came first', {}, { mtime: 1000 }, 'B'],
    ['oldest', { conflict: 'oldest' }, { mtime: 500 }, 'C'],
    ['largest, equal sizes: who came first', { conflict: 'largest' }, { mtime: 2000 }, 'B'],
    ['a preferred service', { conflict: ['right'] }, { mtime: 500 }, 'C'],
    ['another preferred service', { conflict: ['left', 'right'] }, { mtime: 2000 }, 'B'],
  ])('lets the folder say who keeps the path: %s', (_title, folder, right, winner) => {
    expect(living(conflicting(folder, right).world).f).toBe(winner)
  })

  it('keeps both contents when two services have a file before they are first joined', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A', mtime: 1000 })
    update(world, 'right', 'f', { content: 'B', mtime: 2000 })
    expect(living(world)).toEqual({ f: 'B', [COPY_OF_LEFT]: 'A' })
  })

  it('gives each loser of one moment a name of its own', () => {
    const { world } = conflicting({}, { mtime: 500 })
    carryOut(world, 'right', COPY, 'f')
    update(world, 'left', 'f', { content: 'D', mtime: 3000 })
    update(world, 'right', 'f', { content: 'E', mtime: 500 })
    expect(living(world)).toEqual({ f: 'D', [COPY]: 'C', 'f (conflict of right, 1970-01-01 00-00-00 2)': 'E' })
  })

  it('an edit of the losing side before it was moved is an edit of the copy', () => {
    const { world } = conflicting({}, { mtime: 500 })
    update(world, 'right', 'f', { content: 'E', mtime: 600 })
    expect(living(world)).toEqual({ f: 'B', [COPY]: 'E' })
  })

  it('a deletion by the losing side before it was moved deletes the copy', () => {
    const { world, decision } = conflicting({}, { mtime: 500 })
    expect(decision.conflicts.size).toBe(1)
    const deletion = remove(world, 'right', 'f')
    expect(living(world)).toEqual({ f: 'B' })
    expect(deletion.conflicts.get(idOf(COPY))).toBeNull()
  })

  it('lost by a read-only service leaves it as it is; the copy follows it', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'r' } } })
    update(world, 'left', 'f', { content: 'A', mtime: 1000 })
    update(world, 'right', 'f', { content: 'B', mtime: 500 })
    expect(living(world)).toEqual({ f: 'A', [COPY]: 'B' })
    expect(orderOf(world, 'right', 'f')).toBeUndefined()
    expect(orderOf(world, 'right', COPY)).toBeUndefined()
    update(world, 'right', 'f', { content: 'C', mtime: 600 })
    expect(living(world)).toEqual({ f: 'A', [COPY]: 'C' })
    remove(world, 'right', 'f')
    expect(living(world)).toEqual({ f: 'A' })
  })

  it('lost by a read-only service, of which the copy loses its name to another file, goes on with the copy', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'r' } } })
    update(world, 'left', 'f', { content: 'A', mtime: 1000 })
    update(world, 'right', 'f', { content: 'B', mtime: 500 })
    update(world, 'left', COPY, { content: 'D', mtime: 1000 }, 0)
    const copy = Object.keys(living(world)).find((path) => living(world)[path] === 'B') ?? ''
    // Nobody else has it, so it is fetched from there.
    expect(headOf(world, copy)?.movedFrom).toBe(idOf('f'))
    update(world, 'right', 'f', { content: 'C', mtime: 600 })
    expect(living(world)).toEqual({ f: 'A', [COPY]: 'D', [copy]: 'C' })
    remove(world, 'right', 'f')
    expect(living(world)).toEqual({ f: 'A', [COPY]: 'D' })
  })
})

describe('a deletion', () => {
  it('on top of the head goes to all who hold the file', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    const decision = remove(world, 'right', 'f')
    expect(headOf(world, 'f')).toMatchObject({ deleted: true, version: 2 })
    for (const service of ['left', 'right', 'third']) expect(orderOf(world, service, 'f')).toEqual({ version: 2 })
    expect(typesOf(decision)).toEqual(['file_deleted'])
  })

  it('against a newer edit lets the edit win: the file comes back', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'B' })
    remove(world, 'right', 'f')
    expect(living(world)).toEqual({ f: 'B' })
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 2 })
  })

  it('of what was never known does nothing', () => {
    const world = createWorld()
    expect(remove(world, 'left', 'f').heads.size).toBe(0)
  })

  it('on both sides is one deletion', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    remove(world, 'left', 'f')
    remove(world, 'right', 'f')
    expect(versionOf(world, 'f')).toBe(2)
  })

  it('of a directory stands back for what lives below it', () => {
    const world = createWorld()
    shared(world, 'd', { content: '/' })
    update(world, 'right', 'd/new', { content: 'A' })
    remove(world, 'left', 'd')
    expect(living(world)).toEqual({ d: '/', 'd/new': 'A' })
    expect(orderOf(world, 'left', 'd')).toEqual({ version: 1 })
  })

  it('of a directory after its files deletes all of it', () => {
    const world = createWorld()
    shared(world, 'd', { content: '/' })
    shared(world, 'd/f', { content: 'A' })
    remove(world, 'left', 'd/f')
    remove(world, 'left', 'd')
    expect(living(world)).toEqual({})
  })
})

describe('a directory that was reported deleted before its files', () => {
  it('goes with the last of them', () => {
    const world = createWorld()
    for (const path of ['d', 'd/e']) shared(world, path, { content: '/' })
    for (const path of ['d/e/f', 'd/e/g']) shared(world, path, { content: 'A' })
    for (const path of ['d', 'd/e', 'd/e/f']) remove(world, 'left', path)
    expect(living(world)).toEqual({ d: '/', 'd/e': '/', 'd/e/g': 'A' })
    remove(world, 'left', 'd/e/g')
    expect(living(world)).toEqual({})
  })

  it('goes when another service has deleted the last of them', () => {
    const world = createWorld()
    shared(world, 'd', { content: '/' })
    shared(world, 'd/f', { content: 'A' })
    remove(world, 'left', 'd')
    remove(world, 'right', 'd/f')
    expect(living(world)).toEqual({ d: '/' })
    remove(world, 'left', 'd/f')
    expect(living(world)).toEqual({})
  })

  it('goes when the last of them is moved away', () => {
    const world = createWorld()
    for (const path of ['d', 'd/e']) shared(world, path, { content: '/' })
    shared(world, 'd/e/f', { content: 'A' })
    for (const path of ['d', 'd/e']) remove(world, 'left', path)
    expect(living(world)).toEqual({ d: '/', 'd/e': '/', 'd/e/f': 'A' })
    move(world, 'left', 'd/e/f', 'f')
    expect(living(world)).toEqual({ f: 'A' })
  })
})

describe('a move', () => {
  it('is one transition of both paths; holders rename', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    const decision = move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ b: 'A' })
    const version = versionOf(world, 'b') ?? 0
    expect(orderOf(world, 'right', 'b')).toEqual({ version, movedFrom: idOf('a') })
    expect(orderOf(world, 'right', 'a')).toEqual({
      version: versionOf(world, 'a'),
      movedTo: { fid: idOf('b'), version },
    })
    expect(orderOf(world, 'left', 'a')).toEqual({ version: versionOf(world, 'a') })
    expect(typesOf(decision)).toEqual(['file_moved'])
  })

  it('against an edit: the edited content ends at the new path', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    update(world, 'right', 'a', { content: 'B' })
    expect(living(world)).toEqual({ b: 'B' })
    expect(orderOf(world, 'right', 'b')).toMatchObject({ movedFrom: idOf('a') })
  })

  it('of an older content than the head: the newer content ends at the new path', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    update(world, 'right', 'a', { content: 'B' })
    move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ b: 'B' })
    expect(orderOf(world, 'left', 'b')).toMatchObject({ replaces: hashOf('A') })
    expect(orderOf(world, 'right', 'b')).toMatchObject({ movedFrom: idOf('a') })
  })

  it('of a file that another moved meanwhile: the content ends at the last place', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    move(world, 'right', 'a', 'c')
    expect(living(world)).toEqual({ c: 'A' })
    expect(orderOf(world, 'left', 'c')).toMatchObject({ movedFrom: idOf('b') })
    expect(orderOf(world, 'third', 'c')).toMatchObject({ movedFrom: idOf('a') })
  })

  it('outlives a deletion at the old path by one who had not heard of it', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    remove(world, 'right', 'a')
    expect(living(world)).toEqual({ b: 'A' })
  })

  it('of an older content does not outlive the deletion of the newer by the only one who had it', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    update(world, 'right', 'a', { content: 'B' })
    move(world, 'left', 'a', 'b')
    remove(world, 'right', 'a')
    expect(living(world)).toEqual({})
  })

  it('that two services make is one move', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    const version = versionOf(world, 'b')
    move(world, 'right', 'a', 'b')
    expect(living(world)).toEqual({ b: 'A' })
    expect(versionOf(world, 'b')).toBe(version)
  })

  it('twice before others followed is carried out from where they hold it', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    carryOut(world, 'left', 'b', 'a')
    move(world, 'left', 'b', 'c')
    expect(orderOf(world, 'right', 'c')).toMatchObject({ movedFrom: idOf('a') })
    expect(orderOf(world, 'right', 'a')).toMatchObject({ movedTo: { fid: idOf('c') } })
    expect(orderOf(world, 'right', 'b')).not.toHaveProperty('movedFrom')
  })

  it('there and back leaves others nothing to move', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    carryOut(world, 'left', 'b', 'a')
    move(world, 'left', 'b', 'a')
    expect(living(world)).toEqual({ a: 'A' })
    expect(headOf(world, 'a')?.version).toBe(orderOf(world, 'right', 'a')?.version)
  })

  it('over an existing file that it had seen replaces it', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    shared(world, 'b', { content: 'B' })
    move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ b: 'A' })
  })

  it('to where another service made a file meanwhile keeps both', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A', mtime: 1000 })
    update(world, 'right', 'b', { content: 'B', mtime: 2000 })
    move(world, 'left', 'a', 'b')
    expect(living(world)).toEqual({ b: 'B', 'b (conflict of left, 1970-01-01 00-00-01)': 'A' })
    expect(headOf(world, 'a')?.deleted).toBe(true)
  })

  it('of a file that was kept out is a new file', () => {
    const world = createWorld({ folder: { blacklist: ['foo/*'] } })
    expect(typesOf(update(world, 'left', 'foo/test', { content: 'A' }))).toEqual(['event_folder_ignored_blacklisted'])
    move(world, 'left', 'foo/test', 'bar/test')
    expect(living(world)).toEqual({ bar: '/', 'bar/test': 'A' })
  })

  it('to where it is kept out is a deletion', () => {
    const world = createWorld({ folder: { blacklist: ['foo/*'] } })
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'foo/a')
    expect(living(world)).toEqual({})
  })

  it('into a directory of its own old name leaves the directory and no conflict', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'a/b', { content: 'A' })
    expect(living(world)).toEqual({ a: '/', 'a/b': 'A' })
    expect(orderOf(world, 'right', 'a/b')).not.toHaveProperty('movedFrom')
  })

  it('out of a path that became a directory first leaves the directory', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    update(world, 'left', 'a', { content: '/' })
    move(world, 'left', 'a', 'a/b', { content: 'A' })
    expect(living(world)).toEqual({ a: '/', 'a/b': 'A' })
  })

  it('of a directory makes one and deletes one', () => {
    const world = createWorld()
    shared(world, 'd', { content: '/' })
    move(world, 'left', 'd', 'e')
    expect(living(world)).toEqual({ e: '/' })
  })

  it('frees its old path for a new file, which waits at the others until the old one has moved', () => {
    const world = createWorld()
    shared(world, 'a', { content: 'A' })
    move(world, 'left', 'a', 'b')
    update(world, 'left', 'a', { content: 'N' }, 0)
    expect(living(world)).toEqual({ a: 'N', b: 'A' })
    expect(orderOf(world, 'right', 'a')).toMatchObject({ version: versionOf(world, 'a'), movedTo: { fid: idOf('b') } })
  })
})

describe('files and directories', () => {
  it('a file brings the directories above it into being', () => {
    const world = createWorld()
    update(world, 'left', 'x/y/f', { content: 'A' })
    expect(living(world)).toEqual({ x: '/', 'x/y': '/', 'x/y/f': 'A' })
  })

  it('a file that becomes a directory is one transition', () => {
    const world = createWorld()
    shared(world, 'p', { content: 'A' })
    update(world, 'left', 'p', { content: '/' })
    update(world, 'left', 'p/f', { content: 'B' })
    expect(living(world)).toEqual({ p: '/', 'p/f': 'B' })
  })

  it('a directory that becomes a file is one transition', () => {
    const world = createWorld()
    shared(world, 'p', { content: '/' })
    shared(world, 'p/f', { content: 'B' })
    remove(world, 'left', 'p/f')
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: 'A' })
  })

  it('a directory that becomes a file takes with it what was below, reported or not', () => {
    const world = createWorld()
    for (const path of ['p', 'p/d']) shared(world, path, { content: '/' })
    for (const path of ['p/f', 'p/d/g']) shared(world, path, { content: 'B' })
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: 'A' })
    remove(world, 'left', 'p/f')
    expect(living(world)).toEqual({ p: 'A' })
  })

  it('a file takes the place of directories that were there for files of the same service, which knows none', () => {
    const world = createWorld()
    update(world, 'left', 'p/d/f', { content: 'B' })
    remove(world, 'left', 'p/d/f')
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: 'A' })
  })

  it('a file is beside what is below its name where the service has no directories: it makes way, and nothing is deleted', () => {
    const world = createWorld()
    shared(world, 'p', { content: '/' })
    shared(world, 'p/f', { content: 'B' })
    putBeside(world, 'left', 'p')
    expect(living(world)).toEqual({ p: '/', 'p (conflict of left, 1970-01-01 00-00-01)': 'A', 'p/f': 'B' })
  })

  it('a file takes the place of what was below its name, which the service without directories has not any more, told of or not', () => {
    const world = createWorld()
    shared(world, 'p', { content: '/' })
    shared(world, 'p/f', { content: 'B' })
    miss(world, 'left', 'p/f')
    putBeside(world, 'left', 'p')
    expect(living(world)).toEqual({ p: 'A' })
  })

  it('a file that a service without directories was told to have before others made a directory there is older, though it has agreed to that', () => {
    const world = createWorld()
    update(world, 'left', 'p', { content: 'A' })
    update(world, 'third', 'p', { content: '/' })
    putBeside(world, 'right', 'p', versionOf(world, 'p'), { emptyAt: 0 })
    expect(living(world)).toEqual({ p: '/', 'p (conflict of left, 1970-01-01 00-00-01)': 'A' })
    expect(orderOf(world, 'right', 'p')).toMatchObject({ replaces: hashOf('A') })
  })

  it('a file that is moved back to where it was before there was a directory is no older one, where the service is known to have had none there since', () => {
    const world = createWorld()
    shared(world, 'p', { content: 'A' })
    const before = versionOf(world, 'p')
    update(world, 'left', 'p', { content: '/' })
    update(world, 'left', 'p/f', { content: 'A' })
    carryOut(world, 'right', 'p', 'p/f')
    remove(world, 'right', 'p/f')
    putBeside(world, 'right', 'p', versionOf(world, 'p'), { emptyAt: before ?? 0 })
    expect(living(world)).toEqual({ p: 'A' })
  })

  it.each([
    { since: 'before the file was there', unnotedUntil: 0, isKept: true },
    { since: 'later', unnotedUntil: 1, isKept: false },
  ])(
    'nor where the process that tells of it has put nothing there, and runs since $since',
    ({ unnotedUntil, isKept }) => {
      const world = createWorld()
      update(world, 'left', 'p', { content: 'A' })
      expect(versionOf(world, 'p')).toBe(1)
      update(world, 'left', 'p', { content: '/' })
      update(world, 'left', 'p/f', { content: 'A' })
      carryOut(world, 'right', 'p', 'p/f')
      remove(world, 'right', 'p/f')
      putBeside(world, 'right', 'p', versionOf(world, 'p'), { emptyAt: 0, unnotedUntil })
      expect(living(world)).toEqual({ p: isKept ? 'A' : '/' })
    },
  )

  it('a file never takes the place of a directory with files that it had not seen', () => {
    const world = createWorld()
    shared(world, 'p', { content: '/' })
    update(world, 'right', 'p/new', { content: 'B' })
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: '/', 'p (conflict of left, 1970-01-01 00-00-01)': 'A', 'p/new': 'B' })
  })

  it('a file in the way of a directory makes way', () => {
    const world = createWorld()
    update(world, 'left', 'p', { content: 'A' })
    update(world, 'right', 'p/f', { content: 'B' })
    expect(living(world)).toEqual({ p: '/', 'p (conflict of left, 1970-01-01 00-00-01)': 'A', 'p/f': 'B' })
  })
})

describe('modes, options and rules', () => {
  it('what a write-only service reports is ignored', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'w' } } })
    expect(update(world, 'right', 'f', { content: 'A' }).events).toMatchObject([
      { type: 'event_source_ignored_mode', mode: 'w' },
    ])
    expect(living(world)).toEqual({})
  })

  it('what a write-only service has in the place of a directory gives way to it', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'w' } } })
    shared(world, 'p', { content: '/' })
    update(world, 'right', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: '/' })
    expect(orderOf(world, 'right', 'p')).toEqual({ version: 1 })
  })

  it('a read-only service gets no order for what it does not hold', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'r' }, third: { mode: 'w' } } })
    const decision = update(world, 'left', 'f', { content: 'A' })
    expect(decision.events).toMatchObject([
      { type: 'event_service_ignored_mode', service: 'right', mode: 'r' },
      { type: 'file_updated' },
    ])
    expect(orderOf(world, 'right', 'f')).toBeUndefined()
    expect(orderOf(world, 'third', 'f')).toEqual({ version: 1 })
  })

  it('what a read-only service moved and deleted then is not given back what others had at the new path', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'r' } } })
    update(world, 'left', 'b', { content: 'B' })
    update(world, 'right', 'a', { content: 'A', mtime: 2000 })
    move(world, 'right', 'a', 'b')
    miss(world, 'right', 'b')
    update(world, 'right', 'a', { content: '/' })
    remove(world, 'right', 'b')
    expect(living(world)).toEqual({ a: '/', 'b (conflict of left, 1970-01-01 00-00-01)': 'B' })
  })

  it('a read-only service is acknowledged what it made', () => {
    const world = createWorld({ services: { left: {}, right: { mode: 'r' } } })
    update(world, 'right', 'f', { content: 'A' })
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 1 })
  })

  it('a file that is kept out, in the place of a directory, is the end of the directory', () => {
    const world = createWorld({ folder: { file_size: { max: 0 } } })
    shared(world, 'p', { content: '/' })
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({})
  })

  it('a file that is kept out, in the place of a directory of which the last file is told to be gone afterwards, is the end of the directory', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    shared(world, 'p', { content: '/' })
    shared(world, 'p/q', { content: 'A' })
    update(world, 'left', 'p', { content: 'B', size: 2 })
    remove(world, 'left', 'p/q')
    expect(living(world)).toEqual({})
  })

  it('a file that is kept out is beside a directory where the service has none, and stays', () => {
    const world = createWorld({ folder: { file_size: { max: 0 } } })
    shared(world, 'p', { content: '/' })
    putBeside(world, 'left', 'p')
    expect(living(world)).toEqual({ p: '/' })
    expect(orderOf(world, 'left', 'p')).toBeUndefined()
  })

  it('a file that is kept out, in the place of a directory in which something lives, gives way to it', () => {
    const world = createWorld({ folder: { file_size: { max: 0 } } })
    shared(world, 'p', { content: '/' })
    shared(world, 'p/q', { content: '/' })
    update(world, 'left', 'p', { content: 'A' })
    expect(living(world)).toEqual({ p: '/', 'p/q': '/' })
    expect(orderOf(world, 'left', 'p')).toEqual({ version: 1 })
  })

  it('a file that grows beyond what is let in stays as it is, and others go on getting the one before from who has it', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    update(world, 'left', 'f', { content: 'A' })
    carryOut(world, 'right', 'f')
    update(world, 'left', 'f', { content: 'B', size: 2 })
    expect(living(world)).toEqual({ f: 'A' })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 1, keeps: hashOf('B') })
    expect(orderOf(world, 'third', 'f')).toEqual({ version: 1 })
  })

  it("a file that grows beyond what is let in before anybody got it is nobody else's", () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    update(world, 'left', 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'B', size: 2 })
    expect(living(world)).toEqual({})
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2, keeps: hashOf('B') })
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 2 })
    update(world, 'left', 'f', { content: 'C' })
    expect(living(world)).toEqual({ f: 'C' })
  })

  it('a file that grows beyond what is let in before anybody got the last content stays what the others have', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'B' })
    // That is where times are not kept.
    setTime(world, 'right', 'f', 9000)
    setTime(world, 'third', 'f', 9000)
    update(world, 'left', 'f', { content: 'C', size: 2 })
    expect(living(world)).toEqual({ f: 'A' })
    expect(headOf(world, 'f')).toMatchObject({ mtime: 1000 })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 3, keeps: hashOf('C') })
    expect(orderOf(world, 'right', 'f')).toEqual({ version: 3 })
    acknowledge(world, 'left', 'f')
    update(world, 'left', 'f', { content: 'D' })
    expect(living(world)).toEqual({ f: 'D' })
  })

  it('a file that grows beyond what is let in before anybody got it brings back nothing that was in conflict with it', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    update(world, 'left', 'f', { content: 'A' })
    update(world, 'right', 'f', { content: 'B', mtime: 2000 })
    update(world, 'right', 'f', { content: 'C', size: 2 })
    expect(living(world)).toEqual({ [COPY_OF_LEFT]: 'A' })
  })

  it('a file that is kept out, in the place of one that its user had not seen, makes way', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    shared(world, 'f', { content: 'A' })
    update(world, 'right', 'f', { content: 'B' })
    update(world, 'left', 'f', { content: 'C', size: 2 })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2 })
  })

  it('a copy of a conflict of which the only content grows beyond what is let in is not waited for', () => {
    const world = createWorld({ folder: { file_size: { max: 1 } } })
    update(world, 'left', 'p', { content: 'A' })
    update(world, 'right', 'p/f', { content: 'B' })
    expect(living(world)).toEqual({ p: '/', 'p (conflict of left, 1970-01-01 00-00-01)': 'A', 'p/f': 'B' })
    update(world, 'left', 'p', { content: 'C', size: 2 })
    expect(living(world)).toEqual({ p: '/', 'p/f': 'B' })
  })

  it('directories that others deleted go when the last thing in them that was kept out is deleted', () => {
    const world = createWorld({ folder: { blacklist: ['*/out'] } })
    shared(world, 'p', { content: '/' })
    shared(world, 'p/q', { content: '/' })
    update(world, 'left', 'p/q/out', { content: 'A' })
    for (const path of ['p/q', 'p']) {
      remove(world, 'right', path)
      acknowledge(world, 'left', path)
    }
    remove(world, 'left', 'p/q/out')
    for (const path of ['p/q', 'p'])
      expect(orderOf(world, 'left', path)).toEqual({ version: headOf(world, path)?.version })
  })

  it.each([
    [{ file_size: { max: 0 } }, 'event_folder_ignored_size'],
    [{ mimetypes: ['image/*'] }, 'event_folder_ignored_mimetype'],
    [{ whitelist: ['x'] }, 'event_folder_ignored_not_whitelisted'],
  ])('folder options keep a file out, with a notice: %j', (folder, type) => {
    expect(typesOf(update(createWorld({ folder }), 'left', 'f.txt', { content: 'A' }))).toEqual([type])
  })

  it('options of a service keep a file from it alone', () => {
    const world = createWorld({ services: { left: {}, right: { blacklist: ['f'] }, third: {} } })
    const decision = update(world, 'left', 'f', { content: 'A' })
    expect(typesOf(decision)).toEqual(['event_service_ignored_blacklisted', 'file_updated'])
    expect(orderOf(world, 'third', 'f')).toEqual({ version: 1 })
  })

  it('rules name the services, and who holds a file stays an owner', () => {
    const rules = [{ match: { path: '/f' }, sync: ['right'] }]
    const world = createWorld({ rules })
    update(world, 'third', 'f', { content: 'A' })
    carryOut(world, 'third', 'f')
    expect(orderOf(world, 'left', 'f')).toBeUndefined()
    update(world, 'right', 'f', { content: 'B' }, 1)
    expect(orderOf(world, 'third', 'f')).toEqual({ version: 2 })
  })

  it.each([
    ['without rules', undefined, true],
    ['where the rules name both', [{ sync: ['left', 'right'] }], true],
    ['where the rules name another one', [{ sync: ['left'] }], false],
  ])('rules of one service only take away from it, %s', (_title, rules, given) => {
    const world = createWorld({
      ...(rules === undefined ? {} : { rules }),
      serviceRules: { right: [{ match: { path: '/in/' }, sync: ['right', 'third'] }, { ban: ['left'] }] },
    })
    update(world, 'third', 'in/f', { content: 'A' })
    update(world, 'third', 'out', { content: 'A' })
    expect(orderOf(world, 'right', 'in/f') !== undefined).toBe(given)
    expect(orderOf(world, 'right', 'out')).toBeUndefined()
    expect(orderOf(world, 'left', 'in/f')).toBeDefined()
    expect(orderOf(world, 'left', 'out')).toBeDefined()
  })
})

describe('what a service has not heard of yet', () => {
  it('is deleted all the same: the deletion says what the order before it would have acknowledged', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A' })
    carryOut(world, 'right', 'f')
    remove(world, 'right', 'f')
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2, replaces: hashOf('A') })
  })

  it('is replaced all the same by an edit on top of it', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A' })
    carryOut(world, 'right', 'f')
    update(world, 'right', 'f', { content: 'B' })
    expect(orderOf(world, 'left', 'f')).toEqual({ version: 2, replaces: hashOf('A') })
  })

  it('but was changed again since is not', () => {
    const world = createWorld()
    update(world, 'left', 'f', { content: 'A' })
    carryOut(world, 'right', 'f')
    update(world, 'right', 'f', { content: 'B' })
    update(world, 'left', 'f', { content: 'C' })
    expect(Object.values(living(world)).sort()).toEqual(['B', 'C'])
  })

  it('was a rename to the name of a conflict: told of as a new file and a deletion, it keeps the file', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: 'B', mtime: 2000 })
    update(world, 'right', 'f', { content: 'C', mtime: 0 })
    update(world, 'right', COPY, { content: 'C', mtime: 0 })
    remove(world, 'right', 'f')
    expect(living(world)).toEqual({ f: 'B', [COPY]: 'C' })
  })
})

describe('what is put back where an order has taken it away', () => {
  it('lives where it was, renamed before the deletion of that place was acknowledged', () => {
    const world = createWorld()
    shared(world, 'old', { content: 'A' })
    move(world, 'left', 'old', 'new')
    carryOut(world, 'right', 'new')
    expect(orderOf(world, 'right', 'old')).toBeDefined()
    miss(world, 'right', 'old')
    putBack(world, 'right', 'old', { content: 'A' })
    remove(world, 'right', 'new')
    expect(living(world)).toEqual({ old: 'A' })
  })

  it('replaces nothing that others have brought back there meanwhile', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    move(world, 'left', 'f', 'g')
    carryOut(world, 'right', 'g')
    miss(world, 'right', 'f')
    move(world, 'left', 'g', 'f')
    putBack(world, 'right', 'f', { content: 'B' })
    expect(Object.values(living(world)).sort()).toEqual(['A', 'B'])
  })

  it('lives beside what has won there, also where its service has not heard of the version that it made itself', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'right', 'f', { content: 'B', mtime: 2000 })
    update(world, 'left', 'f', { content: 'C', mtime: 3000 })
    const copy = 'f (conflict of right, 1970-01-01 00-00-02)'
    carryOut(world, 'right', copy)
    miss(world, 'right', 'f')
    putBack(world, 'right', 'f', { content: 'B', mtime: 2000 })
    remove(world, 'right', copy)
    expect(Object.values(living(world)).sort()).toEqual(['B', 'C'])
  })

  it('lives beside the directory that was to be made there', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    update(world, 'left', 'f', { content: '/' })
    miss(world, 'right', 'f')
    putBack(world, 'right', 'f', { content: 'A' })
    expect(living(world)).toEqual({ f: '/', 'f (conflict of right, 1970-01-01 00-00-01)': 'A' })
  })
})

describe('what is put back after it was deleted', () => {
  it('lives, also when the deletion was not acknowledged yet', () => {
    const world = createWorld()
    shared(world, 'f', { content: 'A' })
    shared(world, 'd', { content: '/' })
    remove(world, 'left', 'f')
    remove(world, 'left', 'd')
    update(world, 'left', 'f', { content: 'A' })
    update(world, 'left', 'd', { content: '/' })
    expect(living(world)).toEqual({ d: '/', f: 'A' })
  })
})
