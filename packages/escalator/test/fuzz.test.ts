import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { decode, encode } from '@onitu/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dealer } from 'zeromq'
import type { Client } from '../src/client/connect.ts'
import { RECEIPT } from '../src/messaging/receipts.ts'
import { cleanup, client, forkServer, temporaryDirectory } from './support.ts'

const MESSAGES = 100_000
const PER_RUN = 100
const OVERSIZED = 65 * 1024 * 1024
const BROKEN_CONNECTIONS = 300

type Message = readonly Uint8Array[]

const bytes = fc.uint8Array({ maxLength: 60 })
const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), bytes)
const number = fc.oneof(fc.integer(), fc.nat(20), fc.double())
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, [], {}, [[]], '../../etc/passwd', '', 2 ** 53, -1),
  key,
  number,
  fc.array(key, { maxLength: 6 }),
  fc.dictionary(
    fc.constantFrom('gt', 'lte', 'reverse', 'limit', 'keys', 'prefix'),
    fc.oneof(key, number, fc.boolean()),
  ),
)
const operations = [
  'get',
  'exists',
  'getMany',
  'batch',
  'range',
  'open',
  'page',
  'endRange',
  'watch',
  'snapshot',
  'clear',
]
/** Nearly right: a known operation on a database of its own, with arguments of any kind. */
const body = fc
  .tuple(
    fc.oneof(fc.constantFrom(...operations), key),
    fc.oneof(fc.constant('hostile'), junk),
    fc.array(junk, { maxLength: 4 }),
  )
  .map(([operation, target, rest]) => [operation, target, ...rest])
const request = fc
  .array(fc.tuple(number, fc.oneof({ weight: 4, arbitrary: body }, junk)), { maxLength: 4 })
  .map((items) => encode([1, ...items.flat()]))
const frames: fc.Arbitrary<Message> = fc.oneof(
  { weight: 5, arbitrary: request.map((frame) => [frame]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(request, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([frame, part]) => [truncate(frame, part)]),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(request, fc.nat(), fc.nat(255)).map(([frame, at, value]) => [corrupt(frame, at, value)]),
  },
  { weight: 2, arbitrary: bytes.map((frame) => [frame]) },
  // Frames in any order, some of them twice, the header anywhere among them.
  {
    weight: 2,
    arbitrary: fc
      .tuple(request, fc.array(bytes, { minLength: 1, maxLength: 4 }))
      .chain(([frame, others]) => fc.shuffledSubarray([frame, ...others, frame], { minLength: 1 })),
  },
)

function truncate(frame: Uint8Array, part: number): Uint8Array {
  return frame.subarray(0, Math.floor(frame.byteLength * part))
}

function corrupt(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = new Uint8Array(frame)
  copy[at % copy.byteLength] = value
  return copy
}

/** Sends, and reads all that comes back. */
interface Hostile {
  send(message: Message): Promise<void>
  /** Resolves once the server has answered everything before. */
  settle(): Promise<void>
}

function openHostile(address: string): Hostile {
  const socket = new Dealer({ linger: 0, receiveTimeout: 60_000, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  cleanup(() => socket.close())
  socket.connect(address)
  let sent = 0
  return {
    send: (message) => socket.send([...message]),
    async settle() {
      const id = 1_000_000_000 + sent++
      await socket.send(encode([1, id, ['exists', 'good', 'x']]))
      for (;;) {
        const [reply] = await socket.receive()
        // Or the server would take it for one that does not read.
        await socket.send(encode([1, RECEIPT, reply?.byteLength ?? 0]))
        const flat = decode(reply ?? new Uint8Array())
        if (Array.isArray(flat) && flat.includes(id)) return
      }
    },
  }
}

/** A client that notices every wrong, missing or failed answer. */
async function workUndisturbed(database: Client, working: () => boolean): Promise<number> {
  const model = new Map<string, number>()
  let done = 0
  for (; working(); done++) {
    const name = `k${done % 100}`
    if (done % 7 === 0) {
      await database.delete(name)
      model.delete(name)
    } else {
      await database.put(name, done)
      model.set(name, done)
    }
    expect(await database.get(name, { default: undefined })).toBe(model.get(name))
    if (done % 50 === 0) expect(new Map(await database.range<number>().all())).toEqual(new Map([...model].sort()))
  }
  return done
}

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

async function startVictim() {
  const directory = await temporaryDirectory()
  const path = `${directory}/socket`
  const address = `ipc://${path}`
  const server = await forkServer({ type: 'start', address, directory: `${directory}/data` })
  const good = await client(address, { database: 'good' })
  let working = true
  const work = workUndisturbed(good, () => working)
  return {
    path,
    address,
    server,
    async finish() {
      working = false
      const done = await work
      return { done, exitCode: server.child.exitCode, memory: await residentMegabytes(server.child.pid) }
    },
  }
}

describe('while a client works on undisturbed', () => {
  it(`${MESSAGES} random, truncated, corrupted and reordered messages do no harm`, { timeout: 240_000 }, async () => {
    const { address, finish } = await startVictim()
    const hostile = openHostile(address)
    const attack = fc.asyncProperty(
      fc.array(frames, { minLength: PER_RUN, maxLength: PER_RUN, size: 'max' }),
      async (messages) => {
        for (const message of messages) await hostile.send(message)
        await hostile.settle()
      },
    )
    await fc.assert(attack, { numRuns: MESSAGES / PER_RUN, endOnFailure: true })
    const { done, exitCode, memory } = await finish()
    expect(done).toBeGreaterThan(100)
    expect(exitCode).toBeNull()
    expect(memory).toBeLessThan(250)
  })

  it('oversized messages and connections that break the protocol of ZeroMQ do no harm', {
    timeout: 120_000,
  }, async () => {
    const { path, address, finish } = await startVictim()
    for (let i = 0; i < 3; i++) {
      const hostile = openHostile(address)
      await hostile.settle()
      await hostile.send([Buffer.alloc(OVERSIZED)])
    }
    for (let i = 0; i < BROKEN_CONNECTIONS; i++) await breakProtocol(path, i)
    const late = openHostile(address)
    await late.settle()
    const { done, exitCode, memory } = await finish()
    expect(done).toBeGreaterThan(10)
    expect(exitCode).toBeNull()
    expect(memory).toBeLessThan(250)
  })
})

/** Greetings of ZMTP 3, cut anywhere, followed by nonsense; then the connection is torn down from this side. */
function breakProtocol(path: string, seed: number): Promise<void> {
  const greeting = Buffer.concat([
    Buffer.from('ff00000000000000017f0300', 'hex'),
    Buffer.from('NULL'.padEnd(20, '\0')),
    Buffer.alloc(32),
  ])
  const socket = connectSocket(path)
  return new Promise((resolve) => {
    // A server that hangs up first is as good as one that waits for more.
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
    socket.on('data', () => undefined)
    socket.on('connect', () => {
      socket.write(greeting.subarray(0, seed % (greeting.byteLength + 1)))
      socket.end(randomBytes(seed % 100))
      setTimeout(() => socket.destroy(), 5)
    })
  })
}
