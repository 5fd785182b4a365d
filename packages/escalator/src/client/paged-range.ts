import { isOnituError, OnituError } from '@onitu/protocol'
import type { CallOptions, Range } from '../database.ts'
import type { Channel } from './channel.ts'

export interface PagedRangeOptions<T> {
  readonly channel: Channel
  /** The request that opens the range. */
  readonly open: unknown
  /** What the entries of a page mean. */
  readonly toItems: (entries: readonly unknown[]) => T[]
  readonly call: CallOptions
}

interface Page {
  /** Undefined: this was the last one. */
  readonly cursor: number | undefined
  readonly entries: readonly unknown[]
}

type Fetched = { readonly page: Page } | { readonly error: unknown }

/** A range of a server, page by page. While one page is consumed the next one is under way, and no more than that. */
export function createPagedRange<T>({ channel, open, toItems, call }: PagedRangeOptions<T>): Range<T> {
  const pages = async function* (): AsyncGenerator<T[]> {
    let page = parsePage(await channel.read(open, call))
    let cursor = page.cursor
    try {
      while (cursor !== undefined) {
        const next = fetchPage(channel, cursor, call)
        yield toItems(page.entries)
        const fetched = await next
        if ('error' in fetched) throw interrupted(fetched.error)
        page = fetched.page
        cursor = page.cursor
      }
      yield toItems(page.entries)
    } finally {
      if (cursor !== undefined) await endRange(channel, cursor)
    }
  }
  return {
    async *[Symbol.asyncIterator]() {
      for await (const items of pages()) yield* items
    },
    async all() {
      const all: T[] = []
      for await (const items of pages()) for (const item of items) all.push(item)
      return all
    },
  }
}

/** Never rejects: a page that was asked for ahead may fail when nobody waits for it. */
async function fetchPage(channel: Channel, cursor: number, call: CallOptions): Promise<Fetched> {
  try {
    return { page: parsePage(await channel.once(['page', cursor], call)) }
  } catch (error) {
    return { error }
  }
}

/** A server that is gone, or does not answer, has freed the range or will: there is nothing left to do here. */
async function endRange(channel: Channel, cursor: number): Promise<void> {
  try {
    await channel.once(['endRange', cursor])
  } catch (error) {
    if (!isOnituError(error)) throw error
  }
}

function interrupted(cause: unknown): unknown {
  const lost = isOnituError(cause) && (cause.code === 'DISCONNECTED' || cause.code === 'RANGE_GONE')
  if (!lost) return cause
  return new OnituError(
    'RANGE_INTERRUPTED',
    'The server lost the state that this range reads from; begin the range again',
    {
      cause,
      retryable: true,
    },
  )
}

function parsePage(body: unknown): Page {
  if (Array.isArray(body)) {
    const [cursor, entries] = body as readonly unknown[]
    if (Array.isArray(entries) && (cursor === null || typeof cursor === 'number')) {
      return { cursor: cursor ?? undefined, entries }
    }
  }
  throw new OnituError('PROTOCOL', 'Expected a page of a range from the server, got something else')
}
