import { createResponder, type Responder } from '../messaging/responder.ts'
import type { Cursor } from './cursor.ts'
import { createDatabases } from './databases.ts'
import { createHandler } from './handle-request.ts'
import { createHoldings } from './holdings.ts'
import type { LevelSnapshot } from './open-level.ts'

export interface ServerOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
  /** Where the databases are, one directory each. Made if missing. */
  readonly directory: string
  /** A range or snapshot that its client left open is freed after so many ms. Default 5 minutes. */
  readonly idleTimeout?: number
}

export interface Server {
  /** As a client wants it. */
  readonly address: string
  /** Open ranges and snapshots, and messages that could not be read or delivered since the start. */
  stats(): {
    readonly ranges: number
    readonly snapshots: number
    readonly malformed: number
    readonly undelivered: number
  }
  /** Finishes what it was asked, then frees the databases. May be called twice. */
  close(): Promise<void>
}

/**
 * Opens every database in the directory, then serves.
 * @throws OnituError `DATABASE_LOCKED` after 10 s, `DATABASE_CORRUPTED`, `BIND_FAILED`
 */
export async function startServer({ address, directory, idleTimeout }: ServerOptions): Promise<Server> {
  const databases = createDatabases(directory)
  const watch = (peer: string) => {
    if (cursors.has(peer) || snapshots.has(peer)) responder?.watch(peer)
    else responder?.unwatch(peer)
  }
  const idle = { holding: watch, ...(idleTimeout === undefined ? {} : { idleTimeout }) }
  const cursors = createHoldings<Cursor>({ name: 'Range', goneCode: 'RANGE_GONE', ...idle })
  const snapshots = createHoldings<LevelSnapshot>({ name: 'Snapshot', goneCode: 'SNAPSHOT_GONE', ...idle })
  const handle = createHandler({ databases, cursors, snapshots })
  let responder: Responder | undefined

  const close = async () => {
    // The socket goes first: a successor binds the same path once it holds the databases.
    await responder?.close()
    await cursors.close()
    await snapshots.close()
    await databases.close()
  }

  try {
    await databases.openAll()
    responder = await createResponder({
      ...(address === undefined ? {} : { address }),
      // Work is bounded by what each client keeps in flight; holding up the reading would hold up all of them.
      concurrency: Number.POSITIVE_INFINITY,
      handle: (body, { peer }) => handle(body, peer),
      peerGone: (peer) => {
        void cursors.endPeer(peer)
        void snapshots.endPeer(peer)
      },
    })
  } catch (error) {
    await close()
    throw error
  }
  const serving = responder
  return {
    address: serving.address,
    stats: () => ({ ranges: cursors.size, snapshots: snapshots.size, ...serving.counters }),
    close,
  }
}
