import { createResponder, type Responder } from '../messaging/responder.ts'
import { createCursors } from './cursors.ts'
import { createDatabases } from './databases.ts'
import { checkDatabaseName, parseRequest, type StoreRequest } from './parse-request.ts'
import type { Store } from './store.ts'

export interface ServerOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
  /** Where the databases are, one directory each. Made if missing. */
  readonly directory: string
  /** A range that its client left open is freed after so many ms. Default 5 minutes. */
  readonly idleTimeout?: number
}

export interface Server {
  /** As a client wants it. */
  readonly address: string
  /** Open ranges, and messages that could not be read or delivered since the start. */
  stats(): { readonly ranges: number; readonly malformed: number; readonly undelivered: number }
  /** Finishes what it was asked, then frees the databases. May be called twice. */
  close(): Promise<void>
}

/**
 * Opens every database in the directory, then serves.
 * @throws OnituError `DATABASE_LOCKED` after 10 s, `DATABASE_CORRUPTED`, `BIND_FAILED`
 */
export async function startServer({ address, directory, idleTimeout }: ServerOptions): Promise<Server> {
  const databases = createDatabases(directory)
  const cursors = createCursors({
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    holding: (peer, holds) => (holds ? responder?.watch(peer) : responder?.unwatch(peer)),
  })
  let responder: Responder | undefined

  const close = async () => {
    // The socket goes first: a successor binds the same path once it holds the databases.
    await responder?.close()
    await cursors.close()
    await databases.close()
  }

  const inStore = (store: Store, request: StoreRequest, peer: string): Promise<unknown> => {
    if (request.type !== 'range') return store.submit(request)
    return store.range(request).then((cursor) => cursors.first(peer, cursor))
  }

  const handle = (body: unknown, peer: string): unknown => {
    const request = parseRequest(body)
    switch (request.type) {
      case 'store': {
        const store = databases.peek(request.database)
        if (store !== undefined) return inStore(store, request.request, peer)
        const name = checkDatabaseName(request.database)
        return databases.open(name).then((opened) => inStore(opened, request.request, peer))
      }
      case 'open':
        return databases.open(request.database, request).then(() => null)
      case 'close':
        return databases.closeOne(request.database)
      case 'page':
        return cursors.next(peer, request.cursor)
      case 'endRange':
        return cursors.end(peer, request.cursor)
    }
  }

  try {
    await databases.openAll()
    responder = await createResponder({
      ...(address === undefined ? {} : { address }),
      // Work is bounded by what each client keeps in flight; holding up the reading would hold up all of them.
      concurrency: Number.POSITIVE_INFINITY,
      handle: (body, { peer }) => handle(body, peer),
      peerGone: (peer) => void cursors.endPeer(peer),
    })
  } catch (error) {
    await close()
    throw error
  }
  const serving = responder
  return {
    address: serving.address,
    stats: () => ({ ranges: cursors.size, ...serving.counters }),
    close,
  }
}
