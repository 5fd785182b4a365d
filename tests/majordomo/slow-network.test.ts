import { type Launcher, LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partialSize } from '../support/partial-size.ts'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { SlowNetwork } from '../support/slow-network.ts'
import { expectEqualTrees } from '../support/trees.ts'

const BIG = 100 * 1024 * 1024
/** Bytes a second: what is left of a large file then takes far longer than anything that is small, on any machine. */
const SLOW = 3 * 1024 * 1024

let setup: RemoteSetup
let launcher: Launcher
let server: LocalStorageDriver
let laptop: RemoteClient
let network: SlowNetwork

beforeAll(async () => {
  setup = await RemoteSetup.create()
  server = setup.add(new LocalStorageDriver('server'))
  launcher = setup.launcher()
  network = await SlowNetwork.create(setup)
  laptop = await new RemoteClient(setup, 'laptop', { ports: network.ports }).prepare()
  await launcher.start()
  await laptop.start(60_000)
  await launcher.settle()
})
afterAll(async () => {
  network?.close()
  await laptop?.kill()
  await launcher?.close()
  await setup?.clean()
})

const remote = async () => (await readStatus(launcher)).majordomo?.clients[0]

test.each(['down', 'up'])('what is small overtakes a large file on its way %s, and so do heartbeats', async (way) => {
  const [from, to] = way === 'down' ? [server, laptop.storage] : [laptop.storage, server]
  const before = await remote()
  const partial = () => partialSize(to.folderPath('default'))
  const big = to.path('default', `big ${way}`)
  await from.generate(from.path('default', `big ${way}`), BIG)
  await waitUntil(() => partial() > BIG / 10, { timeout: 60_000, what: 'no transfer began', step: 2 })
  network.speed = SLOW
  try {
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      const name = `small ${way} from ${one.name}`
      await one.write(one.path('default', name), name)
      const what = () => `the small file has to wait for the large one: ${name}, ${partial()}`
      await waitUntil(() => other.exists(other.path('default', name)), { timeout: 60_000, what })
    }
    expect(await to.exists(big), 'the large file is not there before').toBe(false)
  } finally {
    network.speed = Number.POSITIVE_INFINITY
  }
  await launcher.settle(90_000)
  await expectEqualTrees([server, laptop.storage])
  expect(await remote(), 'the connection was never lost').toEqual(before)
  await from.unlink(from.path('default', `big ${way}`))
  await launcher.settle()
})

test('a connection that is cut without a word is noticed on both sides, and what both did meanwhile is kept', async () => {
  await server.write(server.path('default', 'both'), 'first')
  await launcher.settle()
  network.cut()
  await waitUntil(async () => (await remote())?.state === 'away', { timeout: 30_000, what: 'the hub did not notice' })
  await laptop.until('The hub does not answer', 30_000)
  await server.write(server.path('default', 'both'), 'of the server')
  await laptop.storage.write(laptop.storage.path('default', 'both'), 'of the laptop')
  await laptop.storage.write(laptop.storage.path('default', 'only on the laptop'), 'x')
  network.mend()
  await waitUntil(async () => (await remote())?.state === 'connected', {
    timeout: 90_000,
    what: 'it did not come back',
  })
  await launcher.settle(60_000)
  const names = Object.keys(await expectEqualTrees([server, laptop.storage]))
  expect(names.filter((name) => name.startsWith('both'))).toHaveLength(2)
  expect(await server.exists(server.path('default', 'only on the laptop'))).toBe(true)
})
