import { readdirSync } from 'node:fs'
import { connect } from '@onitu/escalator'
import { isAlive, readSessionFile, sessionFilePath } from '@onitu/launcher'
import { encode, ipcAddress, keys } from '@onitu/protocol'
import { type Launcher, LocalStorageDriver, snapshotTree } from '@onitu/test-utils'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestSchemas } from '../../packages/majordomo/src/wire/call-schemas.ts'
import { LETTER } from '../../packages/majordomo/src/wire/link-messages.ts'
import { HostileClient } from '../support/hostile-client.ts'
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

const folder = fc.constantFrom(
  'shared',
  'secret',
  '',
  '.',
  '..',
  '../secret',
  '/etc',
  'shared/../secret',
  'ſhared',
  'shared\0',
  'a:b',
)
const path = fc.oneof(
  fc.constantFrom(
    '../secret/plans',
    '/etc/passwd',
    'a/../../b',
    '.onitu/marker',
    'a\0b',
    '..',
    '\ud800',
    'a\u202etxt.exe',
    'e\u0301',
    '\u00e9',
    'a//b',
    'CON',
    `${'x'.repeat(300)}`,
    'd/'.repeat(3000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const key = fc.constantFrom(
  keys.order('server', 'x'),
  keys.outbox('server', 1),
  keys.serviceOptions('server'),
  keys.rules,
  keys.services,
  keys.remote('evil'),
  '../',
  '',
)
const anything = fc.anything({ maxDepth: 3, withNullPrototype: false })
const seen = fc.record({
  type: fc.constantFrom('updated', 'deleted', 'moved', 'x'),
  folder,
  path,
  kind: fc.constantFrom('file', 'directory', 'link'),
  size: fc.oneof(fc.integer(), fc.double()),
  mtime: fc.oneof(fc.double(), fc.constant(null)),
  token: fc.string(),
  hash: fc.string(),
  from: fc.record({ folder, path }),
})
const args = fc.oneof(
  fc.tuple(fc.array(seen, { maxLength: 3 })),
  fc.tuple(folder, path),
  fc.tuple(folder),
  fc.tuple(folder, fc.boolean(), fc.string()),
  fc.tuple(
    fc.constantFrom('get', 'put', 'del', 'range', 'batch', 'clear', 'keys', '__proto__'),
    fc.tuple(key, anything),
  ),
  fc.tuple(fc.integer()),
  anything,
)
const method = fc.oneof(
  fc.constantFrom(...Object.keys(requestSchemas)),
  fc.constantFrom('constructor', '__proto__', 'catchUp', 'close'),
  fc.string(),
)
/** Calls, results, failures, cancels and receipts, as the format of items has them, or nearly. */
const items = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 3, 4), fc.integer()),
      fc.nat(),
      fc.oneof(method, anything),
      args,
      fc.constantFrom(null, null, true),
    ),
    { maxLength: 4 },
  )
  .map((list) => encoded([1, ...list.flat()]))
const letter = fc.oneof(fc.constantFrom(...Object.values(LETTER)), fc.string({ maxLength: 2 }))
const bytes = fc.uint8Array({ maxLength: 200 })
const message = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant(Buffer.from(LETTER.data)), items) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(Buffer.from(LETTER.data)), items, bytes) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      letter.map((text) => Buffer.from(text)),
      fc.oneof(bytes, anything.map(encoded)),
    ),
  },
  { weight: 1, arbitrary: fc.array(bytes, { minLength: 1, maxLength: 4 }) },
)

/** Some made-up values cannot be written: they go as text. */
function encoded(value: unknown): Uint8Array {
  try {
    return encode(value)
  } catch (error) {
    if (error instanceof Error) return Buffer.from(String(error))
    throw error
  }
}

test(`${FRAMES} random and malicious messages of a client with a good key harm nobody else (seed ${SEED})`, {
  timeout: 300_000,
}, async () => {
  const { publicKey, secretKey } = await setup.newKey('evil')
  await setup.authorize(publicKey, 'evil', { folders: ['shared'] })
  const serverKey = (await launcher.run('keys', 'show')).stdout.split(' ')[0] ?? ''
  const before = await state()
  const pids = ['escalator', 'referee', 'majordomo', 'server'].map((part) => launcher.pid(part))
  const outside = readdirSync(setup.folder).toSorted()

  const messages = fc.sample(fc.tuple(message, fc.constantFrom('requests', 'requests', 'handlers')), {
    numRuns: FRAMES_PER_CONNECTION,
    seed: SEED,
  })
  for (let sent = 0; sent < FRAMES; ) {
    const client = new HostileClient(setup, { secretKey, serverKey }, statement())
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

function statement() {
  return {
    driver: {
      name: 'evil',
      description: '',
      velocity: 1,
      capabilities: {
        atomicReplace: true,
        conditionalWrite: true,
        rangedRead: true,
        resumableUpload: true,
        nativeMove: true,
        directories: true,
        mtime: true,
        mode: true,
        caseSensitive: true,
        tokenGranularity: 0,
        history: true,
      },
    },
    folders: { shared: { path: '/', options: {} } },
  }
}
