import { copyFile, deleteFile, MemoryDriver, moveFile, type Setup, sameContent } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub, withHub } from '../support/hub.ts'

describe('folders that services share in part', () => {
  const hub = sharedHub((setup: Setup) => ({
    a: setup.add(new MemoryDriver('A', { folders: { foo: { path: 'A/foo' }, lol: { path: 'A/x/lol' }, bar: {} } })),
    b: setup.add(new MemoryDriver('B', { folders: { foo: { path: 'B/f' }, lol: {} } })),
    c: setup.add(new MemoryDriver('C', { folders: { foo: {}, bar: { path: 'C/deep/bar' } } })),
  }))

  const holders = (folder: string) => {
    const { a, b, c } = hub().services
    return [a, b, c].filter((service) => service.folders.includes(folder))
  }

  test.each(['foo', 'lol', 'bar'])(
    '%s: a change reaches the services that have it, from any of them',
    async (folder) => {
      const { launcher } = hub()
      for (const from of holders(folder)) {
        const to = holders(folder).filter((service) => service !== from)
        const path = `by-${from.name}`
        const dest = `moved-by-${from.name}`
        await copyFile(launcher, { folder, path, size: 100, from, to })
        await moveFile(launcher, { folder, path, dest, from, to })
        await deleteFile(launcher, { folder, path: dest, from, to })
      }
    },
  )

  test('nothing reaches a service that has not the folder', async () => {
    const { launcher, services } = hub()
    const { a, b, c } = services
    const transfers: string[] = []
    launcher.onTransferStarted(({ service, folder }) => transfers.push(`${service} ${folder}`), {}, { unique: false })
    await copyFile(launcher, { folder: 'lol', path: 'for-b', from: a, to: [b] })
    await copyFile(launcher, { folder: 'bar', path: 'for-c', from: a, to: [c] })
    await launcher.settle()
    expect(transfers).toEqual(['B lol', 'C bar'])
  })
})

describe('the mode of a folder in a service', () => {
  const hub = sharedHub((setup: Setup) => ({
    reader: setup.add(new MemoryDriver('R', { folders: { default: { mode: 'r' } } })),
    writer: setup.add(new MemoryDriver('W', { folders: { default: { mode: 'w' } } })),
    both: setup.add(new MemoryDriver('RW', { folders: { default: { mode: 'rw' } } })),
  }))

  test('a file of a read-only service goes to the others', async () => {
    const { launcher, services } = hub()
    await copyFile(launcher, { path: 'from-r', from: services.reader, to: [services.writer, services.both] })
  })

  test('a file of a write-only service is ignored and nobody gets it', async () => {
    const { launcher, services } = hub()
    const { reader, writer, both } = services
    const ignored = launcher.next('event_source_ignored_mode', { service: 'W', path: 'from-w' })
    await writer.generate(writer.path('default', 'from-w'), 10)
    expect(await ignored).toMatchObject({ folder: 'default', mode: 'w' })
    await launcher.settle()
    expect(await reader.exists(reader.path('default', 'from-w'))).toBe(false)
    expect(await both.exists(both.path('default', 'from-w'))).toBe(false)
  })

  test('a file does not go to a read-only service, and to the write-only one', async () => {
    const { launcher, services } = hub()
    const { reader, writer, both } = services
    const ignored = launcher.next('event_service_ignored_mode', { service: 'R', path: 'from-rw' })
    await copyFile(launcher, { path: 'from-rw', from: both, to: [writer] })
    expect(await ignored).toMatchObject({ mode: 'r' })
    await launcher.settle()
    expect(await reader.exists(reader.path('default', 'from-rw'))).toBe(false)
  })
})

/** One launch: each folder has one option, both services have all folders. */
describe('the options of a folder', () => {
  const folders = {
    size: { file_size: { min: 3, max: 10 } },
    minimum: { file_size: { min: 5 } },
    black: { blacklist: ['foo/*'] },
    white: { whitelist: ['foo/*'] },
    mime: { mimetypes: ['application/json'] },
  }
  const hub = sharedHub((setup: Setup) => {
    for (const [name, options] of Object.entries(folders)) setup.folders.set(name, options)
    const names = Object.keys(folders)
    return {
      a: setup.add(new MemoryDriver('A', { folders: names })),
      b: setup.add(new MemoryDriver('B', { folders: names })),
    }
  })

  const copied = (folder: string, path: string, size = 10) => {
    const { launcher, services } = hub()
    return copyFile(launcher, { folder, path, size, from: services.a, to: [services.b] })
  }

  const absentOnB = async (folder: string, path: string) => {
    const { launcher, services } = hub()
    await launcher.settle()
    expect(await services.b.exists(services.b.path(folder, path))).toBe(false)
  }

  const generateOnA = (folder: string, path: string, size = 10) => {
    const { a } = hub().services
    return a.generate(a.path(folder, path), size)
  }

  test.each([1, 2, 11, 12])('file_size refuses %i bytes for 3 to 10', async (size) => {
    const { launcher } = hub()
    const path = `refused-${size}`
    const ignored = launcher.next('event_folder_ignored_size', { folder: 'size', path })
    await generateOnA('size', path, size)
    expect(await ignored).toMatchObject({ service: 'A', size })
    await absentOnB('size', path)
  })

  test.each([3, 5, 10])('file_size accepts %i bytes for 3 to 10', (size) => copied('size', `accepted-${size}`, size))

  test('a blacklist refuses what matches', async () => {
    const { launcher } = hub()
    const ignored = launcher.next('event_folder_ignored_blacklisted', { folder: 'black', path: 'foo/test' })
    await generateOnA('black', 'foo/test')
    await ignored
    await absentOnB('black', 'foo/test')
  })

  test.each(['foo', 'toto'])('a blacklist accepts %s, which does not match', (path) => copied('black', `${path}`))

  test('a whitelist accepts what matches', () => copied('white', 'foo/test'))

  test.each(['foo', 'toto'])('a whitelist refuses %s, which does not match', async (path) => {
    const { launcher } = hub()
    const ignored = launcher.next('event_folder_ignored_not_whitelisted', { folder: 'white', path })
    await generateOnA('white', path)
    await ignored
    await absentOnB('white', path)
  })

  test('mimetypes accept what matches', () => copied('mime', 'test.json'))

  test('mimetypes refuse what does not match', async () => {
    const { launcher } = hub()
    const ignored = launcher.next('event_folder_ignored_mimetype', { folder: 'mime', path: 'test.js' })
    await generateOnA('mime', 'test.js')
    expect(await ignored).toMatchObject({ mimetype: 'application/javascript' })
    await absentOnB('mime', 'test.js')
  })

  test('a file that was ignored is new when it is renamed to a name that is accepted', async () => {
    const { launcher, services } = hub()
    const { a, b } = services
    const ignored = launcher.next('event_folder_ignored_blacklisted', { folder: 'black', path: 'foo/renamed' })
    await generateOnA('black', 'foo/renamed')
    await ignored
    const ended = launcher.next('transfer_ended', { service: 'B', folder: 'black', path: 'bar/renamed' })
    await a.rename(a.path('black', 'foo/renamed'), a.path('black', 'bar/renamed'))
    await ended
    await sameContent('black', 'bar/renamed', [a, b])
    expect(await a.exists(a.path('black', 'foo/renamed'))).toBe(false)
    expect(await b.exists(b.path('black', 'foo/renamed'))).toBe(false)
  })

  test('a file that was too small is copied when it has grown', async () => {
    const { launcher } = hub()
    const ignored = launcher.next('event_folder_ignored_size', { folder: 'minimum', path: 'grown' })
    await generateOnA('minimum', 'grown', 3)
    expect(await ignored).toMatchObject({ size: 3 })
    await copied('minimum', 'grown', 10)
  })

  test('a file that was too small is replaced by a larger one of a service that never got it', async () => {
    const { launcher, services } = hub()
    const { a, b } = services
    const ignored = launcher.next('event_folder_ignored_size', { folder: 'minimum', path: 'replaced' })
    await generateOnA('minimum', 'replaced', 3)
    await ignored
    await copyFile(launcher, { folder: 'minimum', path: 'replaced', size: 10, from: b, to: [a] })
  })
})

describe('a move out of a folder', () => {
  test('into another folder is a move', () => {
    const build = (setup: Setup) => ({
      a: setup.add(new MemoryDriver('A', { folders: ['foo', 'bar'] })),
      b: setup.add(new MemoryDriver('B', { folders: ['foo', 'bar'] })),
    })
    return withHub(build, async ({ launcher, services: { a, b } }) => {
      await copyFile(launcher, { folder: 'foo', path: 'test', size: 100, from: a, to: [b] })
      const fields = { service: 'B', folder: 'foo', src: 'test', dest: 'test', toFolder: 'bar' }
      const completed = launcher.next('move_completed', fields)
      await a.rename(a.path('foo', 'test'), a.path('bar', 'test'))
      await completed
      await sameContent('bar', 'test', [a, b])
      expect(await b.exists(b.path('foo', 'test'))).toBe(false)
    })
  })

  test('to a path in no folder is a deletion', () => {
    const build = (setup: Setup) => ({
      a: setup.add(new MemoryDriver('A', { folders: ['foo'] })),
      b: setup.add(new MemoryDriver('B', { folders: ['foo'] })),
    })
    return withHub(build, async ({ launcher, services: { a, b } }) => {
      await copyFile(launcher, { folder: 'foo', path: 'test', size: 100, from: a, to: [b] })
      const completed = launcher.next('deletion_completed', { service: 'B', folder: 'foo', path: 'test' })
      await a.rename(a.path('foo', 'test'), 'bar/test')
      await completed
      expect(await b.exists(b.path('foo', 'test'))).toBe(false)
    })
  })
})
