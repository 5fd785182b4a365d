import { isOnituError, OnituError } from '@onitu/protocol'
import type { CallOptions } from '../database.ts'
import { RangeInterruptedError } from '../errors.ts'
import type { Answer } from '../messaging/requester.ts'
import type { Key } from '../wire/key.ts'
import { Page } from '../wire/page.ts'
import type { Channel } from './channel.ts'

export interface RemoteCursorOptions {
  readonly channel: Channel
  readonly database: string
  /** Bounds and the rest, as the server takes them. */
  readonly range: { readonly seekable?: boolean; readonly [option: string]: unknown }
  readonly snapshot: number | undefined
  readonly call: CallOptions
}

/** A range that is open on the server, read page by page. One call at a time. */
export interface RemoteCursor {
  /** Undefined at the end, and from then on until a seek. */
  next(): Promise<Page | undefined>
  seek(target: Key): void
  /** Frees what the server holds for it. May be called twice. */
  close(): Promise<void>
}

/** Pages that are under way while one is consumed: the server works on one while the other travels. */
const PAGES_AHEAD = 2

type Fetched = { readonly page: Page; readonly done: boolean } | { readonly error: unknown }

/** The range begins now: it shows what is stored when its request arrives, in the order of the requests. */
export function openRemoteCursor({ channel, database, range, snapshot, call }: RemoteCursorOptions): RemoteCursor {
  const id = channel.newNumber()
  const seekable = range.seekable === true
  let ahead: Promise<Fetched>[] = [
    fetchPage(channel.readAnswer(['range', database, range, id, snapshot ?? null], call)),
  ]
  let ended = false
  let open = true

  const askAhead = () => {
    while (ahead.length < PAGES_AHEAD) ahead.push(fetchPage(channel.answer(['page', id], call)))
  }

  return {
    async next() {
      if (ended) return undefined
      const fetched = await (ahead.shift() ?? fetchPage(channel.answer(['page', id], call)))
      if ('error' in fetched) {
        ended = true
        open = false
        throw interrupted(fetched.error)
      }
      const { page, done } = fetched
      // Pages that were asked for behind the last one come as nothing, and nobody waits for them.
      if (done) ahead = []
      else askAhead()
      ended = done
      open = seekable || !done
      return page.count === 0 ? undefined : page
    },
    seek(target) {
      const sought = fetchNothing(channel.answer(['seek', id, target], call))
      const first = fetchPage(channel.answer(['page', id], call))
      ahead = [sought.then((failed) => failed ?? first)]
      ended = false
    },
    async close() {
      if (!open) return
      open = false
      ended = true
      await channel.end(['endRange', id])
    },
  }
}

/** Never rejects: a page that was asked for ahead may fail when nobody waits for it. */
async function fetchPage(answer: Promise<Answer>): Promise<Fetched> {
  try {
    return parsePage(await answer)
  } catch (error) {
    return { error }
  }
}

async function fetchNothing(answer: Promise<Answer>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await answer
    return undefined
  } catch (error) {
    return { error }
  }
}

function interrupted(cause: unknown): unknown {
  const lost = isOnituError(cause) && (cause.code === 'DISCONNECTED' || cause.code === 'RANGE_GONE')
  return lost ? new RangeInterruptedError(cause) : cause
}

function parsePage({ body, frames }: Answer): Fetched {
  if (Array.isArray(body)) {
    const [done, inline = frames[0]] = body as readonly unknown[]
    if (inline instanceof Uint8Array) return { page: new Page(inline), done: done === true }
  }
  throw new OnituError('PROTOCOL', 'Expected a page of a range from the server, got something else')
}
