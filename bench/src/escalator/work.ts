import type { Entry, Store } from './store.ts'

/** One thing that a client process does for a while. */
export type Work =
  | { readonly type: 'get' | 'put'; readonly inFlight: number }
  | { readonly type: 'putMany'; readonly inFlight: number }
  | { readonly type: 'scan' }
  /** Gets, one after the other, each of them timed. */
  | { readonly type: 'latency' }

export interface Done {
  /** Gets, puts, or entries. */
  readonly operations: number
  /** In ms since the epoch, so that processes can be compared. */
  readonly from: number
  readonly to: number
  /** Each get in ms, for `latency`. */
  readonly latencies: readonly number[]
}

export const KEYS = 100_000
const BATCH = 1_000
/** 100 to 200 bytes each, none compressible to nothing. */
const values = Array.from({ length: 64 }, (_, index) => bytes(100 + Math.floor((index * 100) / 63)))

/** Writes every key once. */
export async function fill(store: Store, keys = KEYS): Promise<void> {
  for (let first = 0; first < keys; first += BATCH) await store.putMany(entriesFrom(first, keys))
}

/** Keeps as many operations in flight as asked, until the time (ms) is over. */
export async function perform(store: Store, work: Work, duration: number): Promise<Done> {
  const latencies: number[] = []
  const act = action(store, work, latencies)
  const clock = { running: true }
  let operations = 0
  const loop = async () => {
    while (clock.running) {
      const performed = await act()
      operations += performed
    }
  }
  const timer = setTimeout(() => {
    clock.running = false
  }, duration)
  const from = performance.timeOrigin + performance.now()
  await Promise.all(Array.from({ length: 'inFlight' in work ? work.inFlight : 1 }, loop))
  clearTimeout(timer)
  return { operations, from, to: performance.timeOrigin + performance.now(), latencies }
}

/** Does it once; gives how many operations that was. */
function action(store: Store, work: Work, latencies: number[]): () => Promise<number> {
  switch (work.type) {
    case 'get':
      return async () => {
        await store.get(keyNumber(random(KEYS)))
        return 1
      }
    case 'put':
      return async () => {
        await store.put(keyNumber(random(KEYS)), valueNumber(random(values.length)))
        return 1
      }
    case 'putMany':
      return async () => {
        await store.putMany(entriesFrom(random(KEYS / BATCH) * BATCH, KEYS))
        return BATCH
      }
    case 'scan':
      return () => store.scan()
    case 'latency':
      return async () => {
        const started = performance.now()
        await store.get(keyNumber(random(KEYS)))
        latencies.push(performance.now() - started)
        return 1
      }
  }
}

function entriesFrom(first: number, end: number): Entry[] {
  return Array.from({ length: Math.min(BATCH, end - first) }, (_, index) => [
    keyNumber(first + index),
    valueNumber(index),
  ])
}

function keyNumber(number: number): string {
  return `key:${String(number).padStart(9, '0')}`
}

function valueNumber(number: number): Buffer {
  return values[number % values.length] ?? Buffer.alloc(0)
}

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)))
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}
