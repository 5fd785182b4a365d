import { generateKeyPair } from '@onitu/escalator/messaging'
import { encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { clientSetup as setup } from '../../test/support/client-setup.ts'
import { decodeLink, encodeLink, endedSchema, LETTER, PROTOCOL_VERSION, welcomeSchema } from '../wire/link-messages.ts'
import { Clients } from './clients.ts'

const HEARTBEAT = 1_000
const laptop = generateKeyPair()

describe('a client that is let in', () => {
  it('is forgotten after three heartbeats of silence, and not after two', async () => {
    const hub = await enter()
    hub.say([Buffer.from(LETTER.beat)])
    for (let half = 0; half < 5; half++) {
      hub.pass(HEARTBEAT / 2)
      expect(hub.end()).toBeUndefined()
    }
    hub.pass(HEARTBEAT / 2)
    expect(hub.end()).toBe('LOST')
  })

  it('is cut off when it sends messages faster than it may in the long run', async () => {
    const hub = await enter()
    const data = [Buffer.from(LETTER.data), encode([1])] as Buffer[]
    const second = () => {
      for (let count = 0; count < 20_000; count++) {
        hub.say(data)
        hub.takeAll()
      }
      hub.pass(1_000)
    }
    for (let seconds = 0; seconds < 3; seconds++) second()
    expect(hub.end()).toBeUndefined()
    for (let count = 0; count < 50_001; count++) hub.say(data)
    expect(hub.end()).toBe('FLOODED')
  })

  it('is cut off when a message has more frames than the sockets inside the hub take', async () => {
    const hub = await enter()
    const message = (count: number) =>
      [LETTER.data, ...Array.from({ length: count }, () => '')].map((text) => Buffer.from(text))
    hub.say(message(1_000))
    expect(hub.end()).toBeUndefined()
    hub.say(message(1_001))
    expect(hub.end()).toBe('PROTOCOL')
  })
})

/** A hub on which the laptop has just been let in, with a clock of its own. */
async function enter() {
  let now = 0
  const sent: { readonly peer: string; readonly frames: readonly Uint8Array[] }[] = []
  const unread: string[] = []
  let setUp: () => void = () => undefined
  const welcomed = new Promise<void>((resolve) => {
    setUp = resolve
  })
  const clients = new Clients({
    heartbeat: HEARTBEAT,
    limits: { clients: 10, memory: 1e9 },
    now: () => now,
    keys: () => [
      {
        name: 'laptop',
        publicKey: laptop.publicKey,
        service: 'laptop',
        folders: 'all',
        mode: 'rw',
        authorized: 0,
        revoked: null,
      },
    ],
    setUp: async () => undefined,
    connected: () => undefined,
    disconnected: () => undefined,
    dropped: () => undefined,
    ways: {
      toRequests(peer, frames) {
        sent.push({ peer, frames })
        if (letterOf(frames) === LETTER.welcome) setUp()
      },
      toHandlers: () => undefined,
      dismiss: () => undefined,
      serviceReady: async () => undefined,
      opened: () => undefined,
      ended: () => undefined,
      forward: (_service, session) => unread.push(session),
    },
  })
  const { publicKey } = laptop
  const last = (letter: string) => sent.findLast(({ frames }) => letterOf(frames) === letter)?.frames[1]
  const say = (frames: readonly Uint8Array[]) => clients.fromRequests('peer', publicKey, frames as Buffer[])
  say(encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup }))
  await welcomed
  const token = decodeLink(welcomeSchema, last(LETTER.welcome))?.token
  clients.fromHandlers('second peer', publicKey, encodeLink(LETTER.token, { token }) as Buffer[])
  return {
    say,
    /** So much time passes, with the look at its end. */
    pass(ms: number): void {
      now += ms
      clients.check()
    },
    takeAll(): void {
      for (const session of unread.splice(0)) clients.taken(session, 1e6)
    },
    /** Why it was cut off; undefined when it was not. */
    end: () => decodeLink(endedSchema, last(LETTER.ended))?.code,
  }
}

function letterOf([letter]: readonly Uint8Array[]): string {
  return Buffer.from(letter ?? []).toString()
}
