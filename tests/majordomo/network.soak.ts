import { setTimeout as pause } from 'node:timers/promises'
import { LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import { expect, test } from 'vitest'
import { NetworkNamespace } from '../support/network-namespace.ts'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { SlowNetwork } from '../support/slow-network.ts'
import { expectEqualTrees, makeTree } from '../support/trees.ts'

const problem = process.env.ONITU_SOAK === undefined ? undefined : NetworkNamespace.problem()
if (problem !== undefined) console.log(`Left out: ${problem}`)
/** ms */
const DELAY = 40
/** Packets of a thousand. */
const LOSS = 10
const BIG = 50 * 1024 * 1024
/** ms: longer than three heartbeats, and than TCP needs to give up a little. */
const CUT = 30_000

test.skipIf(problem !== undefined)(
  'a network that delays (by netem, else a proxy), loses packets (by nftables), and is cut for 30 s, costs time and nothing else',
  { timeout: 600_000 },
  async () => {
    const network = NetworkNamespace.create()
    const setup = await RemoteSetup.create(network.hubAddress)
    const server = setup.add(new LocalStorageDriver('server'))
    const launcher = setup.launcher()
    const proxy = await SlowNetwork.create(setup, network.hubAddress)
    const noDelay = network.delay(`${DELAY}ms`)
    if (noDelay !== undefined) {
      console.log(`Delay by a proxy: ${noDelay}`)
      proxy.delay = DELAY
    }
    const noLoss = network.lose(LOSS)
    if (noLoss !== undefined) console.log(`No loss: ${noLoss}`)
    const { hubAddress: address, through } = network
    const laptop = new RemoteClient(setup, 'laptop', { address, through, ports: proxy.ports })
    try {
      await laptop.prepare()
      await launcher.start()
      await laptop.start(60_000)
      makeTree(server.folderPath('default'), 200, 1)
      await launcher.settle(120_000)
      await expectEqualTrees([server, laptop.storage])

      await server.generate(server.path('default', 'big'), BIG)
      await waitUntil(() => laptop.partial() > BIG / 10, { timeout: 120_000, what: 'the transfer did not begin' })
      network.cut()
      makeTree(`${laptop.storage.folderPath('default')}/made while cut off`, 50, 2)
      const state = async () => (await readStatus(launcher)).majordomo?.clients[0]?.state
      await waitUntil(async () => (await state()) === 'away', { timeout: CUT, what: 'nobody noticed the cut' })
      await pause(CUT)
      network.mend()
      await waitUntil(async () => (await state()) === 'connected', { timeout: 120_000, what: 'it did not come back' })
      await launcher.settle(240_000)
      const tree = await expectEqualTrees([server, laptop.storage])
      expect(Object.keys(tree).length).toBeGreaterThan(250)
      if (noLoss === undefined) expect(network.lost).toBeGreaterThan(0)
    } finally {
      await laptop.kill()
      await launcher.close()
      proxy.close()
      await setup.clean()
      network.remove()
    }
  },
)
