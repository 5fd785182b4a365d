import { BooleanLoop, type Launcher, LocalStorageDriver, snapshotTree, waitUntil } from '@onitu/test-utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { expectEqualTrees, makeTree } from '../support/trees.ts'

const BIG = 200 * 1024 * 1024

describe('services on other machines', () => {
  let setup: RemoteSetup
  let launcher: Launcher
  let server: LocalStorageDriver
  let laptop: RemoteClient
  const others: RemoteClient[] = []

  beforeAll(async () => {
    setup = await RemoteSetup.create()
    server = setup.add(new LocalStorageDriver('server'))
    launcher = setup.launcher()
    laptop = await new RemoteClient(setup, 'laptop').prepare()
    await launcher.start()
  })
  afterAll(async () => {
    await Promise.all([laptop, ...others].map((client) => client?.kill()))
    await launcher?.close()
    await setup?.clean()
  })

  async function join(
    name: string,
    options: ConstructorParameters<typeof RemoteClient>[2] = {},
  ): Promise<RemoteClient> {
    const client = await new RemoteClient(setup, name, options).prepare()
    others.push(client)
    return client
  }
  const remote = async (service: string) =>
    (await readStatus(launcher)).majordomo?.clients.find((client) => client.service === service)

  test('are in sync like every other service, both ways', async () => {
    makeTree(server.folderPath('default'), 100, 1)
    await laptop.start()
    await launcher.settle()
    await expectEqualTrees([server, laptop.storage])
    makeTree(`${laptop.storage.folderPath('default')}/of the laptop`, 50, 2)
    await laptop.storage.rename(
      laptop.storage.path('default', 'a0/b0/c0'),
      laptop.storage.path('default', 'moved/here'),
    )
    await laptop.storage.rmdir(laptop.storage.path('default', 'a1'))
    await launcher.settle()
    await expectEqualTrees([server, laptop.storage])
    expect(await remote('laptop')).toMatchObject({ state: 'connected', driver: 'local-storage' })
  })

  test('get what their own rules let in, and give only what their key allows', async () => {
    const camera = await join('camera', { key: { mode: 'r' } })
    const phone = await join('phone', { rules: [{ match: { path: '/small/' }, sync: ['phone'] }] })
    await camera.storage.write(camera.storage.path('default', 'picture'), 'taken')
    await Promise.all([camera.start(), phone.start()])
    await server.write(server.path('default', 'small/a'), 'a')
    await server.write(server.path('default', 'large/a'), 'a')
    await launcher.settle()
    expect(await snapshotTree(camera.storage.folderPath('default'))).toEqual({ picture: expect.any(String) })
    expect(Object.keys(await snapshotTree(phone.storage.folderPath('default')))).toEqual(['small', 'small/a'])
    expect(await server.exists(server.path('default', 'picture'))).toBe(true)
    await expectEqualTrees([server, laptop.storage])
    await Promise.all([camera.stop(), phone.stop()])
  })

  test('are not let in with a key that nobody has authorised, before anything of theirs is read', async () => {
    const { path } = await setup.newKey('stranger')
    const stranger = await join('stranger', { secretKey: path })
    stranger.launch()
    await stranger.until('ACCESS_DENIED')
    await stranger.kill()
    const { majordomo } = await readStatus(launcher)
    expect(majordomo?.refused).toBeGreaterThan(0)
    expect(majordomo?.dropped).toBe(0)
    expect(launcher.process.stdout).toContain('was refused')
    expect(await remote('stranger')).toBeUndefined()
  })

  test('are told what the hub refuses', async () => {
    const curious = await join('curious', { folders: { default: {}, secrets: {} } })
    curious.launch()
    expect(await curious.exited()).toBe(1)
    expect(curious.output).toContain('secrets')
    const slow = await join('slow', { folders: { default: { blacklist: ['*a*a*a*b'] } } })
    slow.launch()
    expect(await slow.exited()).toBe(1)
    expect(slow.output).toContain('more than one star')
  })

  test('are replaced by another client with the same key, which ends the older one', async () => {
    const twin = await join('twin', { secretKey: laptop.secretKey })
    const before = await snapshotTree(server.folderPath('default'))
    const replaced = laptop.exited()
    await twin.start()
    expect(await replaced).toBe(1)
    expect(laptop.output).toContain('Another client has come')
    // The twin has never had the folder that the service had: it is out of reach, and nothing is deleted because of that.
    await launcher.run('wait', '--timeout', '2')
    expect(await snapshotTree(server.folderPath('default'))).toEqual(before)
    expect(await twin.stop()).toBe(0)
    await laptop.start()
    await launcher.settle()
    await expectEqualTrees([server, laptop.storage])
  })

  test('connect again by themselves when the hub was started again', async () => {
    await launcher.crash()
    await server.write(server.path('default', 'while the hub was away'), 'x')
    await launcher.start()
    await waitUntil(async () => (await remote('laptop'))?.state === 'connected', { timeout: 60_000 })
    await launcher.settle(60_000)
    await expectEqualTrees([server, laptop.storage])
  })

  test.each(['majordomo', 'laptop', 'client'])(
    'go on where a large transfer was when %s is killed in the middle of it',
    async (victim) => {
      const name = `big for ${victim}`
      const resumed = new BooleanLoop()
      launcher.onTransferRestarted(resumed.stop, { service: 'laptop', path: name })
      await server.generate(server.path('default', name), BIG)
      await underWay(laptop, BIG / 3)
      if (victim === 'client') {
        await laptop.kill()
        await laptop.start(60_000)
      } else process.kill(launcher.pid(victim) ?? 0, 'SIGKILL')
      await resumed.run(60_000)
      await launcher.settle(90_000)
      expect(await laptop.storage.checksum(laptop.storage.path('default', name))).toBe(
        await server.checksum(server.path('default', name)),
      )
      await server.unlink(server.path('default', name))
    },
  )

  test('end in the middle of a transfer when their key is revoked, and harm nobody by it', async () => {
    await server.generate(server.path('default', 'last'), BIG)
    await underWay(laptop, BIG / 3)
    const { status, stdout } = await launcher.run('keys', 'revoke', 'laptop')
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'key laptop revoked; service laptop has ended\n' })
    expect(await laptop.exited()).toBe(1)
    expect(laptop.output).toContain('revoked')
    expect(await remote('laptop')).toMatchObject({ state: 'revoked' })
    laptop.launch()
    await laptop.until('ACCESS_DENIED')
    await laptop.kill()
    await launcher.settle()
    expect(await laptop.storage.exists(laptop.storage.path('default', 'last'))).toBe(false)

    // What it had is remembered: a new key for the same service goes on there.
    const again = await setup.newKey('laptop again')
    await setup.authorize(again.publicKey, 'laptop', { name: 'laptop again' })
  })
})

/** So much of a file has come to a client, and not all of it. */
async function underWay(client: RemoteClient, size: number): Promise<void> {
  await waitUntil(() => client.partial() > size, { timeout: 60_000, what: 'no transfer to the client began', step: 2 })
}
