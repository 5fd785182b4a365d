import { setTimeout as sleep } from 'node:timers/promises'
import { isOnituError, OnituError } from '@onitu/protocol'
import type { Key } from '../wire/key.ts'
import { type Stored, unpackWrites } from '../wire/write-list.ts'
import type { Channel } from './channel.ts'

export interface RemoteWatchOptions<T> {
  readonly channel: Channel
  readonly database: string
  /** Of whole keys. */
  readonly prefix: Key
  readonly from: string | undefined
  readonly signal: AbortSignal | undefined
  /** Undefined in place of a change: scan again. */
  readonly toEvent: (change: Change | undefined, position: string) => T
}

export interface Change {
  readonly key: Key
  readonly value: Stored
}

interface Page {
  readonly lost: boolean
  /** Where the next page begins. */
  readonly position: string
  readonly epoch: string
  readonly sequences: readonly number[]
  readonly packed: Uint8Array
}

type Fetched = { readonly page: Page } | { readonly error: unknown }

/** The server answers at least so often, be it with nothing: that is how a dead connection is noticed, in ms. */
const WAIT = 5_000
/** How long the server may take beyond that, in ms. */
const PATIENCE = 10_000
/** Between attempts while the server is gone, in ms. Most of the waiting is done by the calls themselves. */
const RETRY_DELAY = 50
const POSITION = /^([0-9a-f]+)\.([0-9]+)$/

/** Changes as they are committed. Ends by leaving the loop, or by its signal; a server that is gone is waited for. */
export function watchChanges<T>(options: RemoteWatchOptions<T>): AsyncIterableIterator<T> {
  // Checked now: an error of the caller's is not one of the first step of the loop.
  if (options.from !== undefined) parsePosition(options.from)
  const left = new AbortController()
  const { signal } = options
  const stop = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  const events = report(options, stop)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        return await events.next()
      } catch (error) {
        // Left while this call waited.
        if (left.signal.aborted) return { done: true, value: undefined }
        throw error
      }
    },
    async return() {
      left.abort()
      return { done: true, value: undefined }
    },
  }
}

async function* report<T>(options: RemoteWatchOptions<T>, stop: AbortSignal): AsyncGenerator<T> {
  let next = fetchPage(options, options.from, stop)
  for (;;) {
    const fetched = await next
    if ('error' in fetched) throw fetched.error
    const { page } = fetched
    // One page ahead, and no more: what comes later stays in the log of the server.
    next = fetchPage(options, page.position, stop)
    if (page.lost) yield options.toEvent(undefined, page.position)
    const { keys, values } = unpackWrites(page.packed)
    for (const [index, key] of keys.entries()) {
      const position = `${page.epoch}.${page.sequences[index] ?? 0}`
      yield options.toEvent({ key, value: values[index] ?? null }, position)
    }
  }
}

/** Never rejects: a page that is asked for ahead may fail while nobody waits for it. */
async function fetchPage<T>(
  options: RemoteWatchOptions<T>,
  from: string | undefined,
  stop: AbortSignal,
): Promise<Fetched> {
  const { channel, database, prefix } = options
  const request = ['watch', database, prefix, from === undefined ? null : parsePosition(from), WAIT]
  try {
    for (;;) {
      try {
        return { page: parsePage((await channel.answer(request, { signal: stop, timeout: WAIT + PATIENCE })).body) }
      } catch (error) {
        if (stop.aborted || !isOnituError(error) || !error.retryable) throw error
      }
      await sleep(RETRY_DELAY, undefined, { signal: stop })
    }
  } catch (error) {
    return { error: stop.aborted ? stop.reason : error }
  }
}

function parsePosition(position: string): readonly [string, number] {
  const [, epoch, sequence] = POSITION.exec(position) ?? []
  if (epoch !== undefined && sequence !== undefined) return [epoch, Number(sequence)]
  throw new TypeError(`A position must be one that a watch gave (event.position), got ${JSON.stringify(position)}`)
}

function parsePage(body: unknown): Page {
  if (Array.isArray(body)) {
    const [epoch, end, lost, sequences, packed] = body as readonly unknown[]
    if (
      typeof epoch === 'string' &&
      typeof end === 'number' &&
      Array.isArray(sequences) &&
      packed instanceof Uint8Array
    )
      return { epoch, position: `${epoch}.${end}`, lost: lost === true, sequences, packed }
  }
  throw new OnituError('PROTOCOL', 'Expected a page of changes from the server, got something else')
}
