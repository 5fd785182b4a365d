import { curveClientSocketOptions } from '@onitu/escalator/messaging'
import { publicKeyPath, readPublicKey } from '@onitu/majordomo/keys'
import { encode } from '@onitu/protocol'
import { type Launcher, LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Dealer } from 'zeromq'
import { createRoutingId } from '../../packages/majordomo/src/handshake/proof.ts'
import { encodeLink, LETTER, PROTOCOL_VERSION } from '../../packages/majordomo/src/wire/link-messages.ts'
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
/** The same while 400 connections, which is what two ports take, hold 1 MiB each. */
const MEMORY_OF_MANY = 700
/** In the log, of what may come by the hundred thousand. */
const LINES = 60
/** Changes of an honest client that have to come through meanwhile. */
const CHANGES = 5

let setup: RemoteSetup
let launcher: Launcher
let server: LocalStorageDriver
let honest: RemoteClient
let serverKey: string

beforeAll(async () => {
  setup = await RemoteSetup.create()
  server = setup.add(new LocalStorageDriver('server'))
  launcher = setup.launcher()
  honest = await new RemoteClient(setup, 'honest').prepare()
  await launcher.start()
  await honest.start()
  serverKey = (await launcher.run('keys', 'show')).stdout.split(' ')[0] ?? ''
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

test(`${FRAMES} frames of one with a good key that it never proves harm nobody (seed ${SEED})`, async () => {
  const { publicKey, secretKey } = await setup.newKey('evil')
  await setup.authorize(publicKey, 'evil')
  const curve = curveClientSocketOptions({ serverKey, secretKey })
  const messages = [...samples(), ...(await nearlyProven(publicKey))]
  const majordomo = async () => (await readStatus(launcher)).majordomo
  let sent = 0
  await meanwhile('unproven', async () => {
    const connections: Dealer[] = []
    try {
      for (const enough = sent + FRAMES; sent < enough; ) {
        // Sends once it is connected: the hub may not know of the key yet.
        const dealer = () => new Dealer({ ...curve, immediate: true, linger: 0, routingId: createRoutingId() })
        const sockets = ports().map((port) => ({ socket: dealer(), port }))
        for (const { socket, port } of sockets) socket.connect(`tcp://127.0.0.1:${port}`)
        connections.push(...sockets.map(({ socket }) => socket))
        const first = connections.length / 2
        for (const [index, message] of messages.entries()) await sockets[(first + index) % 2]?.socket.send(message)
        sent += messages.length
      }
      // Nearly all: a greeting with good manners is answered, some of the time.
      await expect.poll(async () => (await majordomo())?.dropped, { timeout: 60_000 }).toBeGreaterThan(sent * 0.9)
    } finally {
      for (const socket of connections) socket.close()
    }
  })
  expect((await majordomo())?.clients.map(({ service }) => service)).toEqual(['honest'])
})

test.each([
  ['as large frames as would be taken from somebody who may speak', 1024 * 1024, 400],
  ['larger frames', 33 * 1024 * 1024, 40],
])(
  'strangers who begin %s have Majordomo hold little, and keep nobody out when they have gone',
  async (_title, size, count) => {
    const held = await Promise.all(ports().map((port) => openLarge(port, count, size)))
    try {
      const { processes } = await readStatus(launcher)
      const majordomo = processes.find(({ name }) => name === 'majordomo')
      expect((majordomo?.memory ?? 0) / 1e6).toBeLessThan(MEMORY_OF_MANY)
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

/** What comes closest to being let in: with the honest client's key, and with a proof of another session. */
async function nearlyProven(publicKey: string) {
  const { publicKey: honestKey } = await readPublicKey(publicKeyPath(honest.secretKey))
  const proof = { cookie: Buffer.alloc(40), proof: Buffer.alloc(32, 1), setup: {} }
  return [publicKey, honestKey].flatMap((key) => [
    encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, publicKey: key }),
    encodeLink(LETTER.hello, { version: 1e9, publicKey: key }),
    encodeLink(LETTER.proof, { publicKey: key, ...proof }),
    [Buffer.from(LETTER.proof), Buffer.from(encode({ publicKey: key, setup: 'x'.repeat(2 ** 20) }))],
    encodeLink(LETTER.token, { token: Buffer.alloc(32) }),
    encodeLink(LETTER.bye),
  ])
}

async function refused(): Promise<number> {
  return (await readStatus(launcher)).majordomo?.refused ?? 0
}

/** Has changes come through to the honest client, both ways, for as long as the flood lasts, and checks what it has cost. */
async function meanwhile(name: string, flood: () => Promise<void>): Promise<void> {
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
  for (const { name: process, memory } of processes) expect((memory ?? 0) / 1e6, process).toBeLessThan(MEMORY)
}

async function oneComesThrough(path: string, isDown: boolean): Promise<void> {
  const [from, to] = isDown ? [server, honest.storage] : [honest.storage, server]
  await from.write(from.path('default', path), path)
  await waitUntil(() => to.exists(to.path('default', path)), { timeout: 60_000, what: `${path} did not come` })
}
