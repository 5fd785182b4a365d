import { readdirSync } from 'node:fs'
import { connect } from '@onitu/escalator'
import { isAlive, readSessionFile, sessionFilePath } from '@onitu/launcher'
import { publicKeyPath } from '@onitu/majordomo/keys'
import { ipcAddress } from '@onitu/protocol'
import { type Launcher, LocalStorageDriver, snapshotTree } from '@onitu/test-utils'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HostileClient, hostileStatement } from '../support/hostile-client.ts'
import { hostileMessage } from '../support/hostile-messages.ts'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'

const FRAMES = 100_000
/** After so many the hub has cut off a client that floods it: another connection goes on. */
const FRAMES_PER_CONNECTION = 10_000
const SEED = Number(process.env.ONITU_SEED ?? 1)
/** MB. */
const MEMORY = 250

let setup: RemoteSetup
let launcher: Launcher
let server: LocalStorageDriver
let honest: RemoteClient

beforeAll(async () => {
  setup = await RemoteSetup.create()
  server = setup.add(new LocalStorageDriver('server', { folders: ['shared', 'secret'] }))
  launcher = setup.launcher()
  honest = await new RemoteClient(setup, 'honest', { folders: { shared: {}, secret: {} } }).prepare()
  await launcher.start()
  await server.write(server.path('secret', 'plans'), 'nobody else may have or change this')
  await server.write(server.path('shared', 'a'), 'a')
  await honest.start()
  await launcher.settle()
})
afterAll(async () => {
  await honest?.kill()
  await launcher?.close()
  await setup?.clean()
})

test(`${FRAMES} random and malicious messages of a client with a good key harm nobody else (seed ${SEED})`, {
  timeout: 300_000,
}, async () => {
  const { path, secretKey } = await setup.newKey('evil')
  // By the command, after which the hub knows it.
  await launcher.run('keys', 'authorize', publicKeyPath(path), '--service', 'evil', '--folders', 'shared')
  const serverKey = (await launcher.run('keys', 'show')).stdout.split(' ')[0] ?? ''
  const before = await state()
  const pids = ['escalator', 'referee', 'majordomo', 'server'].map((part) => launcher.pid(part))
  const outside = readdirSync(setup.folder).toSorted()

  const messages = fc.sample(fc.tuple(hostileMessage, fc.constantFrom('requests', 'requests', 'handlers')), {
    numRuns: FRAMES_PER_CONNECTION,
    seed: SEED,
  })
  for (let sent = 0; sent < FRAMES; ) {
    const client = new HostileClient(setup, { secretKey, serverKey }, hostileStatement('shared'))
    try {
      await client.enter()
      for (const [frames, port] of messages) {
        sent++
        if (!(await client.say(port as 'requests', frames))) break
      }
    } finally {
      client.close()
    }
    // Others do not wait for it.
    await server.write(server.path('shared', `while ${sent} came`), 'x')
  }
  await expect
    .poll(() => honest.storage.exists(honest.storage.path('shared', `while ${FRAMES} came`)), { timeout: 30_000 })
    .toBe(true)

  expect(await state()).toEqual(before)
  const [escalator, , ...others] = pids
  expect([launcher.pid('escalator'), launcher.pid('majordomo'), launcher.pid('server')]).toEqual([escalator, ...others])
  expect(readdirSync(setup.folder).toSorted()).toEqual(outside)
  const { majordomo, processes } = await readStatus(launcher)
  expect(majordomo?.dropped).toBeGreaterThan(0)
  for (const { name, memory } of processes) expect((memory ?? 0) / 1e6, name).toBeLessThan(MEMORY)
})

/** What it cannot touch: the secret folder on all services, and every record that is about it or about another service. */
async function state(): Promise<unknown> {
  const trees = await Promise.all([server, honest.storage].map((service) => snapshotTree(service.folderPath('secret'))))
  return { trees, records: await records() }
}

async function records(): Promise<Record<string, unknown>> {
  const session = readSessionFile(sessionFilePath(launcher.sessionDirectory))
  if (session === undefined || !isAlive(session)) throw new Error('The session is gone')
  const database = await connect({ address: ipcAddress(session.runtime, 'escalator') })
  try {
    const entries = await database.range({}).all()
    return Object.fromEntries(entries.filter(([name, value]) => isUntouchable(name, value)))
  } finally {
    await database.close()
  }
}

function isUntouchable(name: string, value: unknown): boolean {
  if (/^(file|version|path|service:(server|honest):(file|order)):/.test(name))
    return JSON.stringify([name, value])?.includes('secret')
  return /^service:(server|honest):(driver|options|folders|folder|rules|db)|^folder:|^rules$|^remote:honest/.test(name)
}
