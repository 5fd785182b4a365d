import { utimesSync } from 'node:fs'
import { LocalStorageDriver } from '@onitu/test-utils'
import { expect, test } from 'vitest'
import { fakeTimeLibrary } from '../support/fake-time.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { expectEqualTrees } from '../support/trees.ts'

const library = fakeTimeLibrary()
/** Seconds. */
const HOUR = 3_600

test('clients whose clocks are an hour ahead and an hour behind are kept in sync like all others', async (context) => {
  if (library === undefined) return context.skip('libfaketime is not there (Debian package faketime)')
  const setup = await RemoteSetup.create()
  const server = setup.add(new LocalStorageDriver('server'))
  const launcher = setup.launcher()
  const join = (name: string, offset: string) => {
    const env = { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' }
    return new RemoteClient(setup, name, { env }).prepare()
  }
  const [ahead, behind] = [await join('ahead', '+1h'), await join('behind', '-1h')]
  const all = [
    { service: server, offset: 0 },
    { service: ahead.storage, offset: HOUR },
    { service: behind.storage, offset: -HOUR },
  ]
  try {
    await launcher.start()
    for (const client of [ahead, behind]) await client.start(60_000)
    expect(clockOf(ahead) - clockOf(behind)).toBeGreaterThan(HOUR * 1_000)

    // Each goes by what it has seen, whatever the times of the files say.
    for (const { service, offset } of [...all, ...all.toReversed()]) {
      await write(service, 'in turn', offset)
      await launcher.settle()
      const tree = await expectEqualTrees(all.map((one) => one.service))
      expect(Object.keys(tree)).toEqual(['in turn'])
      expect(Buffer.from(await server.read(server.path('default', 'in turn'))).toString()).toBe(service.name)
    }

    await Promise.all([ahead.stop(), behind.stop()])
    for (const { service, offset } of all) await write(service, 'at once', offset)
    for (const client of [ahead, behind]) await client.start(60_000)
    await launcher.settle()
    const tree = await expectEqualTrees(all.map(({ service }) => service))
    const kept = Object.keys(tree).filter((name) => name.startsWith('at once'))
    const contents = await Promise.all(kept.map((name) => server.read(server.path('default', name))))
    expect(contents.map((content) => Buffer.from(content).toString()).sort()).toEqual(['ahead', 'behind', 'server'])
  } finally {
    await Promise.all([ahead.kill(), behind.kill()])
    await launcher.close()
    await setup.clean()
  }
})

/** What the clock of the machine says is the time of the file. */
async function write(service: LocalStorageDriver, name: string, offset: number): Promise<void> {
  const path = service.path('default', name)
  await service.write(path, service.name)
  const now = Date.now() / 1_000 + offset
  utimesSync(path, now, now)
}

/** By the first line that it printed, in ms. */
function clockOf({ output }: RemoteClient): number {
  return Date.parse(output.slice(0, '2026-01-31 14:05:06.789'.length))
}
