import { LocalStorageDriver } from '@onitu/test-utils'
import { expect, test } from 'vitest'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { expectEqualTrees, makeTree } from '../support/trees.ts'

const REMOTES = 20
const FILES = 100

test('one hub keeps 20 remotes in sync', { timeout: 900_000 }, async () => {
  const setup = await RemoteSetup.create()
  const server = setup.add(new LocalStorageDriver('server'))
  const launcher = setup.launcher()
  const clients: RemoteClient[] = []
  try {
    await launcher.start()
    for (let number = 0; number < REMOTES; number++) {
      const client = await new RemoteClient(setup, `remote${number}`).prepare()
      clients.push(client)
      await client.start(120_000)
    }
    makeTree(server.folderPath('default'), FILES, 1)
    for (const [index, client] of clients.entries())
      makeTree(`${client.storage.folderPath('default')}/of ${index}`, 5, index)
    await launcher.settle(600_000)
    const tree = await expectEqualTrees([server, ...clients.map(({ storage }) => storage)])
    expect(Object.values(tree).filter((line) => line.startsWith('file'))).toHaveLength(FILES + 5 * REMOTES)
  } finally {
    await Promise.all(clients.map((client) => client.kill()))
    await launcher.close()
    await setup.clean()
  }
})
