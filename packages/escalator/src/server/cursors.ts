import { OnituError } from '@onitu/protocol'
import type { Cursor, Page } from './cursor.ts'

/** The open ranges of all peers. A cursor belongs to the peer that opened it, and has one page in preparation. */
export interface Cursors {
  /** Gives `[cursor number or null when there is no further page, entries]`. */
  first(peer: string, cursor: Cursor): Promise<readonly [number | null, readonly unknown[]]>
  next(peer: string, number: number): Promise<readonly [number | null, readonly unknown[]]>
  end(peer: string, number: number): Promise<void>
  endPeer(peer: string): Promise<void>
  readonly size: number
  /** May be called twice. */
  close(): Promise<void>
}

export interface CursorsOptions {
  /** A cursor that nobody asked for so long is freed, in ms. Default 5 minutes. */
  readonly idleTimeout?: number
  /** Told when a peer opens its first cursor and loses its last. */
  readonly holding?: (peer: string, holds: boolean) => void
}

interface Open {
  readonly peer: string
  readonly cursor: Cursor
  busy: Promise<Page> | undefined
  used: number
}

const DEFAULT_IDLE_TIMEOUT = 5 * 60_000
/** Each holds a LevelDB snapshot, which keeps deleted data on disk. */
const MAX_CURSORS = 10_000

export function createCursors({ idleTimeout = DEFAULT_IDLE_TIMEOUT, holding }: CursorsOptions = {}): Cursors {
  const cursors = new Map<number, Open>()
  const perPeer = new Map<string, number>()
  let lastNumber = 0

  const count = (peer: string, change: number) => {
    const before = perPeer.get(peer) ?? 0
    if (before + change === 0) perPeer.delete(peer)
    else perPeer.set(peer, before + change)
    if (before === 0 || before + change === 0) holding?.(peer, before === 0)
  }
  const free = async (number: number, open: Open) => {
    if (!cursors.delete(number)) return
    count(open.peer, -1)
    await open.cursor.close()
  }
  const find = (peer: string, number: number): Open => {
    const open = cursors.get(number)
    if (open?.peer === peer) return open
    throw new OnituError(
      'RANGE_GONE',
      `Range ${number} is not open: it ended, was idle for long, or was another client's`,
    )
  }
  const sweep = setInterval(
    () => {
      const oldest = performance.now() - idleTimeout
      for (const [number, open] of cursors) if (open.used < oldest) void free(number, open)
    },
    Math.max(50, idleTimeout / 4),
  )
  sweep.unref()

  return {
    async first(peer, cursor) {
      const page = await pageOf(cursor)
      if (page.done) {
        await cursor.close()
        return [null, page.entries]
      }
      if (cursors.size >= MAX_CURSORS) {
        await cursor.close()
        throw new OnituError('TOO_MANY_RANGES', `${MAX_CURSORS} ranges are open already`, { retryable: true })
      }
      const number = ++lastNumber
      cursors.set(number, { peer, cursor, busy: undefined, used: performance.now() })
      count(peer, 1)
      return [number, page.entries]
    },
    async next(peer, number) {
      const open = find(peer, number)
      open.used = performance.now()
      if (open.busy !== undefined) throw new OnituError('PROTOCOL', `Range ${number} is busy with a page already`)
      open.busy = open.cursor.next()
      try {
        const page = await open.busy
        if (page.done) await free(number, open)
        return [page.done ? null : number, page.entries]
      } finally {
        open.busy = undefined
      }
    },
    async end(peer, number) {
      const open = cursors.get(number)
      if (open?.peer === peer) await free(number, open)
    },
    async endPeer(peer) {
      const mine = [...cursors].filter(([, open]) => open.peer === peer)
      await Promise.all(mine.map(([number, open]) => free(number, open)))
    },
    get size() {
      return cursors.size
    },
    async close() {
      clearInterval(sweep)
      await Promise.all([...cursors].map(([number, open]) => free(number, open)))
    },
  }
}

async function pageOf(cursor: Cursor): Promise<Page> {
  try {
    return await cursor.next()
  } catch (error) {
    await cursor.close()
    throw error
  }
}
