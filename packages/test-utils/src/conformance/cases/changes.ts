import { expect } from 'vitest'
import { type Case, type CaseGroup, when } from '../case.ts'
import { expectAbsent, expectCode, expectContent, expectSame } from './expectations.ts'
import { bytes, text } from './samples.ts'

const replace: Case = {
  title: 'replaces a file by a longer, a shorter and an empty one',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const chunk = service.chunkSize
    for (const size of [100, 3 * chunk + 5, 50, chunk + 1, 0, 10]) {
      const content = bytes(size)
      await service.write('file', content)
      await expectContent(place.access, 'file', content)
      expectSame(await service.read('file'), content, `what was read of ${size} bytes`)
    }
  },
}

const move: Case = {
  title: 'moves a file, also into a directory that is not there yet',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const content = bytes(1000)
    await service.write('old', content)
    await service.move('old', 'new')
    await expectAbsent(place.access, 'old')
    await expectContent(place.access, 'new', content)
    await service.move('new', 'a/b/c/newer')
    await expectAbsent(place.access, 'new')
    await expectContent(place.access, 'a/b/c/newer', content)
    expectSame(await service.read('a/b/c/newer'), content, 'what was read')
    await service.catchUp()
    expect(service.plug.changes.filter((change) => change.type !== 'updated' || change.kind !== 'directory')).toEqual(
      [],
    )
  },
}

const moveOnto: Case = {
  title: 'does not move a file onto one that exists',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await service.write('one', text('one'))
    await place.access.write('two', text('two'))
    await expectCode(service.move('one', 'two'), 'CONFLICT', 'moving onto an existing file')
    await expectContent(place.access, 'one', text('one'))
    await expectContent(place.access, 'two', text('two'))
  },
}

const moveStale: Case = {
  title: 'does not move a file that has changed',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const { token } = await service.write('file', text('first'))
    await place.access.write('file', text('of a user'))
    await expectCode(service.move('file', 'moved', token), 'CHANGED', 'moving a changed file')
    await expectContent(place.access, 'file', text('of a user'))
    await expectAbsent(place.access, 'moved')
  },
}

const remove: Case = {
  title: 'deletes a file, and one that is gone already',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await service.write('dir/one', bytes(10))
    await service.write('dir/two', bytes(10))
    await service.remove('dir/one')
    await expectAbsent(place.access, 'dir/one')
    const gone = service.known('dir/two')
    await place.access.remove('dir/two')
    await service.remove('dir/two', gone.token, gone)
    await service.write('three', bytes(10))
    await service.remove('three')
    await service.catchUp()
    expect((await place.access.list()).filter((path) => /one|two|three/.test(path))).toEqual([])
  },
}

const directories: Case = {
  title: 'makes and deletes directories, and one that is there or gone already',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await service.makeDirectory('a/b')
    await service.makeDirectory('a/b')
    expect(await place.access.list()).toEqual(expect.arrayContaining(['a', 'a/b']))
    await service.remove('a/b')
    expect(await place.access.list()).not.toContain('a/b')
    await service.makeDirectory('c')
    const gone = service.known('c')
    await place.access.remove('c')
    await service.remove('c', gone.token, gone)
  },
}

const notEmpty: Case = {
  title: 'does not delete a directory that holds something',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await service.makeDirectory('full')
    await place.access.write('full/of a user', text('kept'))
    await expectCode(service.remove('full'), 'NOT_EMPTY', 'deleting a directory that is not empty')
    await expectContent(place.access, 'full/of a user', text('kept'))
  },
}

export const changes: CaseGroup = {
  title: 'changes',
  cases: ({ manifest: { capabilities } }) => [
    replace,
    ...when(capabilities.nativeMove, [move, moveOnto, moveStale]),
    remove,
    ...when(capabilities.directories, [directories, notEmpty]),
  ],
}
