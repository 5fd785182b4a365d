import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@onitu/escalator'
import { generateKeyPair } from '@onitu/escalator/messaging'
import type { RemoteRecord } from '@onitu/majordomo'
import { authorize, changeAuthorizedKeys, keyPlaces, revoke } from '@onitu/majordomo/keys'
import { ipcAddress, keys, type OnituEvent } from '@onitu/protocol'
import { resolve } from 'import-meta-resolve'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { clientSetup } from '../../majordomo/test/support/client-setup.ts'
import { askSession } from '../src/control/control-client.ts'
import { Launcher } from '../src/launcher.ts'
import { findSession } from '../src/session/find-session.ts'
import { majordomoDefaults } from '../src/setup/check-majordomo.ts'
import type { Setup } from '../src/setup/setup.ts'

const child = new URL('./fixtures/child.mjs', import.meta.url).href
const entries = {
  escalator: resolve('@onitu/escalator/main', import.meta.url),
  referee: child,
  service: child,
  majordomo: new URL('./fixtures/majordomo.mjs', import.meta.url).href,
  remoteDriver: 'file:///remote.js',
}
const { publicKey } = generateKeyPair()

let configDirectory: string
let launcher: Launcher
let events: OnituEvent[]

beforeEach(async () => {
  configDirectory = await mkdtemp(join(tmpdir(), 'onitu-test-'))
})
afterEach(async () => {
  await launcher.stop()
  await rm(configDirectory, { recursive: true, force: true })
})

const setup: Setup = {
  name: 'home',
  folders: new Map([['docs', {}]]),
  services: new Map([
    [
      'server',
      {
        name: 'server',
        driver: { name: 'fixture', url: 'file:///nowhere.js' },
        options: {},
        folders: new Map([['docs', { path: '/nowhere', options: {} }]]),
      },
    ],
  ]),
  rules: undefined,
  majordomo: majordomoDefaults,
}

async function launch(): Promise<void> {
  events = []
  const options = { setup, setupFile: '/setup.yml', configDirectory, entries, grace: 2_000 }
  launcher = new Launcher({ ...options, onEvents: (batch) => events.push(...batch.map(({ event }) => event)) })
  await launcher.start()
}

const places = () => keyPlaces(join(configDirectory, 'home'))
const session = () => findSession({ configDirectory })
const processOf = async (name: string) => (await launcher.status()).processes.find((found) => found.name === name)

function record(options: Readonly<Record<string, unknown>> = {}): RemoteRecord {
  return {
    publicKey,
    setup: {
      driver: { ...clientSetup.driver, name: 'local-storage', velocity: 0.4 },
      folders: { docs: { path: '/home/me', options: { ...options } } },
    },
  }
}

async function readDatabase<T>(read: (database: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
  const database = await connect({ address: ipcAddress((await session()).runtime, 'escalator') })
  try {
    return await read(database)
  } finally {
    await database.close()
  }
}

it('sets up what a client states, keeps it over a restart, and ends it when the key is revoked', async () => {
  await launch()
  expect((await stat(places().serverKey)).mode & 0o777).toBe(0o600)
  const laptop = { name: 'my laptop', publicKey, service: 'laptop', folders: 'all', mode: 'rw' } as const
  const state = async (stated: RemoteRecord) =>
    askSession(await session(), { type: 'remote', service: 'laptop', record: stated })

  await expect(state(record())).rejects.toThrow(expect.objectContaining({ code: 'REMOTE_REFUSED', retryable: false }))
  await changeAuthorizedKeys(places().authorizedKeys, (list) => authorize(list, laptop, 1))
  const refereePid = (await processOf('referee'))?.pid
  await state(record())
  expect((await processOf('laptop'))?.state).toBe('running')
  expect((await processOf('referee'))?.pid).not.toBe(refereePid)
  await readDatabase(async (database) => {
    expect(await database.get(keys.services)).toEqual(['server', 'laptop'])
    expect(await database.get(keys.serviceDriver('laptop'))).toBe('remote')
    expect(await database.get(keys.serviceFolderOptions('laptop', 'docs'))).toEqual({ mode: 'rw' })
    expect(await database.get(keys.remote('laptop'))).toEqual(record())
  })

  // The same again changes nothing; something else is in force at once.
  const { pid } = (await processOf('laptop')) ?? {}
  await state(record())
  expect((await processOf('laptop'))?.pid).toBe(pid)
  await expect(state(record({ mode: 'x' }))).rejects.toThrow(/the mode rw only/)
  expect((await processOf('laptop'))?.pid).toBe(pid)
  await state(record({ blacklist: ['*.tmp'] }))
  expect((await processOf('laptop'))?.pid).not.toBe(pid)
  expect((await launcher.status()).majordomo).toEqual({
    refused: 3,
    dropped: 0,
    clients: [{ service: 'laptop', driver: 'local-storage', state: 'connected', since: 5, reason: '' }],
  })
  await launcher.stop()
  const stopped = events.flatMap((event) =>
    event.type === 'process_state' && event.state === 'stopped' ? [event.process] : [],
  )
  expect(stopped.slice(-3)).toEqual(['majordomo', 'referee', 'escalator'])

  await launch()
  expect((await processOf('laptop'))?.state).toBe('running')
  await changeAuthorizedKeys(places().authorizedKeys, (list) => revoke(list, 'my laptop', 7))
  expect(await askSession(await session(), { type: 'keys' })).toEqual({ ended: ['laptop'] })
  expect(await processOf('laptop')).toBeUndefined()
  expect((await launcher.status()).majordomo?.clients).toMatchObject([
    { service: 'laptop', state: 'revoked', since: 7 },
  ])
  expect(await readDatabase((database) => database.get(keys.services))).toEqual(['server'])
  expect(await readFile(`${places().authorizedKeys}.asked`, 'utf8')).toContain(
    'tcp://0.0.0.0:20001 tcp://0.0.0.0:20003\nkeys\n',
  )
  await expect(state(record())).rejects.toThrow(/was revoked/)
})

it('goes by a list of keys that is changed while nobody says so, and by one that was removed', async () => {
  const laptop = { name: 'laptop', publicKey, service: 'laptop', folders: 'all', mode: 'rw' } as const
  await changeAuthorizedKeys(places().authorizedKeys, (list) => authorize(list, laptop, 1))
  await launch()
  await askSession(await session(), { type: 'remote', service: 'laptop', record: record() })
  await changeAuthorizedKeys(places().authorizedKeys, (list) => revoke(list, 'laptop', 7))
  await expect.poll(() => processOf('laptop'), { timeout: 20_000 }).toBeUndefined()
  // Whoever says so afterwards learns the same as if it had come first.
  expect(await askSession(await session(), { type: 'keys' })).toEqual({ ended: ['laptop'] })
  await launcher.stop()

  await rm(places().authorizedKeys)
  await launch()
  expect((await launcher.status()).majordomo?.clients).toMatchObject([{ service: 'laptop', state: 'refused' }])
})
