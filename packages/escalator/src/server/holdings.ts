import { OnituError } from '@onitu/protocol'

/** What clients hold on the server (open ranges, snapshots), each under a number that its client chose. */
export interface Holdings<T> {
  /** @throws OnituError when there are too many, or the number is taken */
  add(peer: string, id: number, thing: Promise<T>): void
  /** @throws OnituError when there is no such thing (any more) */
  use(peer: string, id: number): Promise<T>
  end(peer: string, id: number): Promise<void>
  endPeer(peer: string): Promise<void>
  has(peer: string): boolean
  readonly size: number
  /** May be called twice. */
  close(): Promise<void>
}

export interface HoldingsOptions {
  /** For messages: `Range`. */
  readonly name: string
  /** The code of the error when a thing is not there (any more). */
  readonly goneCode: string
  /** What nobody used for so long is freed, in ms. Default 5 minutes. */
  readonly idleTimeout?: number
  /** Told when a peer gets its first thing and loses its last. */
  readonly holding?: (peer: string) => void
}

interface Held<T> {
  readonly thing: Promise<T>
  used: number
}

const DEFAULT_IDLE_TIMEOUT = 5 * 60_000
/** Each holds a LevelDB snapshot, which keeps deleted data on disk. */
const MAX_HELD = 10_000
/** One client cannot take all of them. */
const MAX_OF_ONE = 1_000

export function createHoldings<T extends { close(): Promise<void> }>({
  name,
  goneCode,
  idleTimeout = DEFAULT_IDLE_TIMEOUT,
  holding,
}: HoldingsOptions): Holdings<T> {
  const peers = new Map<string, Map<number, Held<T>>>()
  let size = 0

  const free = async (peer: string, id: number): Promise<void> => {
    const mine = peers.get(peer)
    const held = mine?.get(id)
    if (mine === undefined || held === undefined) return
    mine.delete(id)
    size--
    if (mine.size === 0) {
      peers.delete(peer)
      holding?.(peer)
    }
    await closeThing(held.thing)
  }
  const freeAll = (peer: string, usedBefore: number) => {
    const old = [...(peers.get(peer) ?? [])].filter(([, { used }]) => used < usedBefore)
    return Promise.all(old.map(([id]) => free(peer, id)))
  }
  const sweep = setInterval(
    () => {
      for (const peer of [...peers.keys()]) void freeAll(peer, performance.now() - idleTimeout)
    },
    Math.max(50, idleTimeout / 4),
  )
  sweep.unref()

  return {
    add(peer, id, thing) {
      let mine = peers.get(peer)
      if (size >= MAX_HELD || (mine !== undefined && mine.size >= MAX_OF_ONE)) {
        void closeThing(thing)
        const limit = `${MAX_OF_ONE} for one client, ${MAX_HELD} in all`
        throw new OnituError('TOO_MANY_OPEN', `${name} ${id} is one too many (at most ${limit}); close some`, {
          retryable: true,
        })
      }
      if (mine === undefined) {
        mine = new Map()
        peers.set(peer, mine)
        holding?.(peer)
      }
      if (mine.has(id)) {
        void closeThing(thing)
        throw new OnituError('PROTOCOL', `${name} ${id} is open already; choose another number`)
      }
      mine.set(id, { thing, used: performance.now() })
      size++
    },
    async use(peer, id) {
      const held = peers.get(peer)?.get(id)
      if (held === undefined) {
        throw new OnituError(
          goneCode,
          `${name} ${id} is not open: it ended, was idle for long, or was another client's or connection's`,
        )
      }
      held.used = performance.now()
      return held.thing
    },
    end: free,
    async endPeer(peer) {
      await freeAll(peer, Number.POSITIVE_INFINITY)
    },
    has: (peer) => peers.has(peer),
    get size() {
      return size
    },
    async close() {
      clearInterval(sweep)
      await Promise.all([...peers.keys()].map((peer) => freeAll(peer, Number.POSITIVE_INFINITY)))
    },
  }
}

/** One that could not be opened has nothing to close: whoever asked for it was told. */
async function closeThing(thing: Promise<{ close(): Promise<void> }>): Promise<void> {
  const [opened] = await Promise.allSettled([thing])
  if (opened.status === 'fulfilled') await opened.value.close()
}
