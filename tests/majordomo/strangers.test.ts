import type { KeyPair } from '@onitu/escalator/messaging'
import { publicKeyPath } from '@onitu/majordomo/keys'
import { type Launcher, LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Dealer } from 'zeromq'
import { encodeLink, LETTER, PROTOCOL_VERSION } from '../../packages/majordomo/src/wire/link-messages.ts'
import { curveOptions } from '../../packages/majordomo/test/support/curve-options.ts'
import { RawClient } from '../../packages/majordomo/test/support/raw-client.ts'
import { hostileStatement } from '../support/hostile-client.ts'
import { hostileMessage } from '../support/hostile-messages.ts'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { openHalf, openLarge, strangers } from '../support/stranger.ts'

const FRAMES = 100_000
const FRAMES_PER_CONNECTION = 100
/** At the same time. */
const CONNECTIONS = 20
/** Connections that stay half open meanwhile. */
const HALF = 200
/** Made up; said again and again. */
const VARIETY = 5_000
const SEED = Number(process.env.ONITU_SEED ?? 1)
/** MB. */
const MEMORY = 250
/** The same while one key has it hold as much as it may: 64 MiB on either port, and what is not collected yet. */
const MEMORY_OF_A_KEY = 400
/** More than before, with 800 connections of those who have proved nothing. */
const MEMORY_OF_STRANGERS = 60
/** In the log, of what may come by the hundred thousand. */
const LINES = 60
/** Changes of an honest client that have to come through meanwhile. */
const CHANGES = 5

let setup: RemoteSetup
let launcher: Launcher
let server: LocalStorageDriver
let honest: RemoteClient
let serverKey: string
let evil: KeyPair

beforeAll(async () => {
  setup = await RemoteSetup.create()
  server = setup.add(new LocalStorageDriver('server'))
  launcher = setup.launcher()
  honest = await new RemoteClient(setup, 'honest').prepare()
  await launcher.start()
  await honest.start()
  serverKey = (await launcher.run('keys', 'show')).stdout.split(' ')[0] ?? ''
  const { path, ...keys } = await setup.newKey('evil')
  evil = keys
  // By the command, after which the hub knows it.
  await launcher.run('keys', 'authorize', publicKeyPath(path), '--service', 'evil')
})
afterAll(async () => {
  await honest?.kill()
  await launcher?.close()
  await setup?.clean()
})

const ports = () => [setup.requests, setup.handlers]
const samples = () => fc.sample(hostileMessage, { numRuns: VARIETY, seed: SEED })

test(`${FRAMES} frames of strangers, garbage, and half handshakes harm nobody (seed ${SEED})`, async () => {
  const frames = samples()
    .flat()
    .map((frame) => Buffer.from(frame))
  const kinds = Object.values(strangers)
  const half = await Promise.all(ports().map((port) => openHalf(port, HALF / 2)))
  let connections = 0
  const before = await refused()
  try {
    await meanwhile('strangers', async () => {
      while (connections * FRAMES_PER_CONNECTION < FRAMES) {
        const batch = Array.from({ length: CONNECTIONS }, () => {
          const number = connections++
          const port = ports()[number % 2] ?? 0
          const from = (number * FRAMES_PER_CONNECTION) % (frames.length - FRAMES_PER_CONNECTION)
          return kinds[number % kinds.length]?.(port, serverKey, frames.slice(from, from + FRAMES_PER_CONNECTION))
        })
        await Promise.all(batch)
      }
    })
  } finally {
    for (const { close } of half) close()
  }
  expect(await refused()).toBeGreaterThan(before + connections / 3)
  // Not a single message of theirs was read.
  expect((await readStatus(launcher)).majordomo?.dropped).toBe(0)
})

test(`${FRAMES} frames of one with a good key that never says how to come in harm nobody (seed ${SEED})`, async () => {
  const curve = curveOptions({ serverKey, secretKey: evil.secretKey })
  const messages = [...samples(), ...nearlyIn()]
  const majordomo = async () => (await readStatus(launcher)).majordomo
  const before = (await majordomo())?.dropped ?? 0
  let sent = 0
  await meanwhile('not in', async () => {
    const sockets = ports().map((port) => {
      const socket = new Dealer({ ...curve, immediate: true, linger: 0, sendTimeout: 10_000 })
      socket.connect(`tcp://127.0.0.1:${port}`)
      return socket
    })
    try {
      for (const enough = sent + FRAMES; sent < enough; sent += messages.length) {
        for (const [index, message] of messages.entries()) await sockets[index % 2]?.send(message)
      }
      // Nearly all: some of what it says to come in is answered.
      await expect
        .poll(async () => (await majordomo())?.dropped, { timeout: 60_000 })
        .toBeGreaterThan(before + sent * 0.9)
    } finally {
      for (const socket of sockets) socket.close()
    }
  })
  expect((await majordomo())?.clients.map(({ service }) => service)).toEqual(['honest'])
})

test.each([
  ['large', 1024 * 1024],
  ['small', 1024],
  ['empty', 0],
])('messages of %s frames without end, of one with a good key, have Majordomo hold little', async (_title, size) => {
  const keys = { publicKey: evil.publicKey, secretKey: evil.secretKey }
  const part = Buffer.alloc(size)
  const flood = async () => {
    const clients = await Promise.all(ports().map((port) => RawClient.connect(port, keys, serverKey)))
    try {
      await Promise.all(
        clients.map(async (client) => {
          while (await client.send(part));
        }),
      )
    } finally {
      for (const client of clients) client.close()
    }
  }
  await meanwhile(`without end ${size}`, flood, MEMORY_OF_A_KEY)
})

test.each([
  ['as large frames as would be taken from somebody who may speak', 1024 * 1024, 400],
  ['larger frames', 33 * 1024 * 1024, 40],
])(
  'strangers who begin %s have Majordomo hold little, and keep nobody out when they have gone',
  async (_title, size, count) => {
    const memory = async () => {
      const { processes } = await readStatus(launcher)
      return (processes.find(({ name }) => name === 'majordomo')?.memory ?? 0) / 1e6
    }
    const before = await memory()
    const held = await Promise.all(ports().map((port) => openLarge(port, count, size)))
    try {
      expect((await memory()) - before).toBeLessThan(MEMORY_OF_STRANGERS)
    } finally {
      for (const { close } of held) close()
    }
    const late = await new RemoteClient(setup, `late${count}`).prepare()
    try {
      await late.start()
    } finally {
      await late.kill()
    }
  },
)

/** What comes closest to being let in: hellos of another version, and without a setup, and tokens of nobody. */
function nearlyIn() {
  return [
    encodeLink(LETTER.hello, { version: PROTOCOL_VERSION }),
    encodeLink(LETTER.hello, { version: 1e9, setup: hostileStatement('docs') }),
    encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup: 'x'.repeat(2 ** 19) }),
    encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup: { ...hostileStatement('docs'), folders: null } }),
    encodeLink(LETTER.token, { token: Buffer.alloc(32) }),
    encodeLink(LETTER.bye),
  ]
}

async function refused(): Promise<number> {
  return (await readStatus(launcher)).majordomo?.refused ?? 0
}

/** Has changes come through to the honest client, both ways, for as long as the flood lasts, and checks what it has cost. */
async function meanwhile(name: string, flood: () => Promise<void>, most = MEMORY): Promise<void> {
  const pids = ['escalator', 'referee', 'majordomo', 'server', 'honest'].map((part) => launcher.pid(part))
  const lines = () => launcher.process.stdout.split('\n').length
  const before = lines()
  let isOver = false
  const flooding = async () => {
    for (let rounds = 0; !isOver || rounds === 0; rounds++) await flood()
  }
  const changes = async () => {
    try {
      for (let number = 0; number < CHANGES; number++) await oneComesThrough(`${name} ${number}`, number % 2 === 0)
    } finally {
      isOver = true
    }
  }
  await Promise.all([flooding(), changes()])
  expect(['escalator', 'referee', 'majordomo', 'server', 'honest'].map((part) => launcher.pid(part))).toEqual(pids)
  expect(lines() - before, 'lines in the log').toBeLessThan(LINES)
  const { processes } = await readStatus(launcher)
  for (const { name: process, memory } of processes) expect((memory ?? 0) / 1e6, process).toBeLessThan(most)
}

async function oneComesThrough(path: string, isDown: boolean): Promise<void> {
  const [from, to] = isDown ? [server, honest.storage] : [honest.storage, server]
  await from.write(from.path('default', path), path)
  await waitUntil(() => to.exists(to.path('default', path)), { timeout: 60_000, what: `${path} did not come` })
}
