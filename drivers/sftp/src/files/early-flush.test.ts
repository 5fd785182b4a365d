import type { DriverPlug } from '@onitu/plug'
import { describe, expect, test } from 'vitest'
import type { Lanes } from '../connection/lanes.ts'
import type { Session } from '../connection/session.ts'
import { EarlyFlush } from './early-flush.ts'

const MIB = 1024 * 1024
const own = {} as Session

/** Another channel, of which each flush ends when it is told to. */
function otherChannel() {
  const flushes: { readonly end: () => void; readonly fail: (error: Error) => void }[] = []
  const events: string[] = []
  const session = {
    isAlive: true,
    open: async (path: string) => Buffer.from(path),
    fsync: (handle: Buffer) => {
      events.push(`flush ${handle}`)
      return new Promise<void>((end, fail) => flushes.push({ end, fail }))
    },
    close: async (handle: Buffer) => {
      events.push(`close ${handle}`)
    },
  } as unknown as Session
  let held = 0
  const lane = {
    session,
    release: () => {
      held--
    },
  }
  const beside = (session: Session) => {
    expect(session).toBe(own)
    held++
    return lane
  }
  return { flushes, events, held: () => held, lanes: { beside } as unknown as Lanes }
}

function logged() {
  const lines: unknown[] = []
  const logger = { debug: (...line: unknown[]) => lines.push(line) } as unknown as DriverPlug['logger']
  return { lines, logger }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a large file that comes in', () => {
  test('is flushed on another channel each time that much of it was written, once at a time', async () => {
    const { flushes, events, held, lanes } = otherChannel()
    const early = new EarlyFlush(logged().logger)
    early.wrote(lanes, own, 'part', 31 * MIB)
    await turn()
    expect(events).toEqual([])
    early.wrote(lanes, own, 'part', MIB)
    await turn()
    early.wrote(lanes, own, 'part', 40 * MIB)
    await turn()
    expect(events).toEqual(['flush part'])
    flushes[0]?.end()
    await turn()
    expect(events).toEqual(['flush part', 'close part'])
    expect(held()).toBe(0)
    early.wrote(lanes, own, 'part', MIB)
    await turn()
    expect(events).toEqual(['flush part', 'close part', 'flush part'])
    expect(held()).toBe(1)
  })

  test('goes on where that fails, and where there is no other channel', async () => {
    const { flushes, held, lanes } = otherChannel()
    const { lines, logger } = logged()
    const early = new EarlyFlush(logger)
    early.wrote({ beside: () => undefined } as unknown as Lanes, own, 'part', 40 * MIB)
    early.wrote(lanes, own, 'part', MIB)
    await turn()
    flushes[0]?.fail(new Error('no space'))
    await turn()
    expect(held()).toBe(0)
    expect(lines).toHaveLength(1)
  })
})
