import { OnituError } from '@onitu/protocol'
import type { ServerCounters } from '../wire/stats.ts'
import { collectStats } from './collect-stats.ts'
import type { Cursor } from './cursor.ts'
import { createDatabases } from './databases.ts'
import { createHandler } from './handle-request.ts'
import type { HeldSnapshot } from './held-snapshot.ts'
import { createHoldings } from './holdings.ts'
import { checkLimits, type ServerLimits } from './limits.ts'
import { type CurveServerOptions, createListeners, type Listeners } from './listeners.ts'

export interface ServerOptions {
  /**
   * Where to bind: `ipc://PATH` or `tcp://HOST:PORT`, one or several. Without `curve` tcp is for loopback only. Default:
   * an ipc address of its own in the system's temporary directory.
   */
  readonly address?: string | readonly string[]
  /** Keys for the tcp addresses: encryption, and nobody else gets in. An ipc address is guarded by its directory. */
  readonly curve?: CurveServerOptions
  /** Where the databases are, one directory each. Made if missing. */
  readonly directory: string
  /** A range or snapshot that its client left open is freed after so many ms. Default 5 minutes. */
  readonly idleTimeout?: number
  /** What is larger fails with `REQUEST_TOO_LARGE`, `KEY_TOO_LARGE` or `VALUE_TOO_LARGE`, and nothing is done. */
  readonly limits?: ServerLimits
  /**
   * Most files of a database that LevelDB keeps open and mapped into memory, of 2 to 5 MB: 74 at least, default 1,000.
   * What is mapped counts as resident, but the system takes it back when it needs the room. Fewer files mean that
   * reads all over a large database open files again and again.
   */
  readonly maxOpenFiles?: number
  /** How many bytes of changes each database remembers for those who watch it. Default 16 MiB. */
  readonly watchLog?: number
}

export interface Server {
  /** As a client wants it; the first one of several. */
  readonly address: string
  readonly addresses: readonly string[]
  /** Since the start. */
  stats(): ServerCounters
  /**
   * Replaces the keys that may connect, at once. Connections of one that is taken away are cut off.
   */
  allowKeys(publicKeys: Iterable<string>): Promise<void>
  /** Finishes what it was asked, then frees the databases. May be called twice. */
  close(): Promise<void>
}

/** LevelDB takes fewer for this many. */
const FEWEST_FILES = 74

/**
 * Opens every database in the directory, then serves.
 * @throws OnituError `DATABASE_LOCKED` after 10 s, `DATABASE_CORRUPTED`, `BIND_FAILED`, `KEYS_REQUIRED`
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { address, directory, idleTimeout, curve, maxOpenFiles, watchLog } = options
  const limits = checkLimits(options.limits)
  if (address?.length === 0) throw new TypeError('A server needs at least one address')
  if (maxOpenFiles !== undefined && !(Number.isSafeInteger(maxOpenFiles) && maxOpenFiles >= FEWEST_FILES))
    throw new TypeError(`maxOpenFiles: expected a number from ${FEWEST_FILES}, got ${maxOpenFiles}`)
  if (watchLog !== undefined && !(Number.isSafeInteger(watchLog) && watchLog >= 0))
    throw new TypeError(`watchLog: expected a number of bytes, got ${watchLog}`)
  const databases = createDatabases(directory, maxOpenFiles, watchLog === undefined ? {} : { capacity: watchLog })
  const watch = (peer: string) => {
    if (cursors.has(peer) || snapshots.has(peer)) listeners?.watch(peer)
    else listeners?.unwatch(peer)
  }
  const idle = { holding: watch, ...(idleTimeout === undefined ? {} : { idleTimeout }) }
  const cursors = createHoldings<Cursor>({ name: 'Range', goneCode: 'RANGE_GONE', ...idle })
  const snapshots = createHoldings<HeldSnapshot>({ name: 'Snapshot', goneCode: 'SNAPSHOT_GONE', ...idle })
  let listeners: Listeners | undefined
  const stats = (): ServerCounters => ({
    ranges: cursors.size,
    snapshots: snapshots.size,
    watches: databases.watches(),
    ...countersOf(listeners),
  })
  const handle = createHandler({
    databases,
    cursors,
    snapshots,
    limits,
    stats: () => collectStats(directory, stats(), databases.requests()),
  })

  const close = async () => {
    // The socket goes first: a successor binds the same path once it holds the databases.
    await listeners?.close()
    await cursors.close()
    await snapshots.close()
    await databases.close()
  }

  try {
    await databases.openAll()
    listeners = await createListeners({
      addresses: typeof address === 'object' ? address : [address],
      curve,
      maxRequest: limits.request,
      handle,
      peerGone: (peer) => {
        void cursors.endPeer(peer)
        void snapshots.endPeer(peer)
      },
    })
  } catch (error) {
    await close()
    throw error
  }
  const serving = listeners
  return {
    address: serving.addresses[0] ?? '',
    addresses: serving.addresses,
    stats,
    allowKeys: async (publicKeys) => serving.allow(publicKeys),
    close,
  }
}

function countersOf(listeners: Listeners | undefined): Listeners['counters'] {
  // Nobody can ask before it listens.
  if (listeners === undefined) throw new OnituError('INTERNAL', 'The server does not listen yet')
  return listeners.counters
}
