import { OnituError } from '@onitu/protocol'
import { Parked, Reply } from '../messaging/responder.ts'
import type { Cursor, CursorPage } from './cursor.ts'
import type { Databases } from './databases.ts'
import { findSnapshot, goneError, type HeldSnapshot, holdSnapshot } from './held-snapshot.ts'
import type { Holdings } from './holdings.ts'
import { checkWrites, type ServerLimits } from './limits.ts'
import type { LevelSnapshot } from './open-level.ts'
import { checkDatabaseName, parseRequest, type RangeRequest, type ServerRequest } from './parse-request.ts'
import type { Store } from './store.ts'

export interface HandlerOptions {
  readonly databases: Databases
  readonly cursors: Holdings<Cursor>
  readonly snapshots: Holdings<HeldSnapshot>
  readonly limits: Required<ServerLimits>
  /** What a client is told about the server. */
  readonly stats: () => Promise<unknown>
}

type InStore = Extract<ServerRequest, { readonly type: 'store' }>

/** Below this a page goes with other answers into one message, above it as a frame that is not copied. */
const INLINE_PAGE = 8 * 1024

/** Gives the answer to the body of a request of a peer. */
export function createHandler({ databases, cursors, snapshots, limits, stats }: HandlerOptions) {
  /** At once where the database is open already, so that requests keep their order. */
  const withStore = <T>(name: string, use: (store: Store) => Promise<T>): Promise<T> => {
    const store = databases.peek(name)
    return store === undefined ? databases.open(checkDatabaseName(name)).then(use) : use(store)
  }

  const givePage = async (peer: string, id: number): Promise<unknown> => {
    try {
      const cursor = await cursors.use(peer, id)
      const page = await cursor.next()
      if (page.done && !cursor.seekable) await cursors.end(peer, id)
      return pageReply(page)
    } catch (error) {
      await cursors.end(peer, id)
      throw goneError(error)
    }
  }

  /** Reads, or clears, what the snapshot holds. */
  const withSnapshot = async (
    { database, snapshot }: InStore,
    peer: string,
    use: (store: Store, snapshot: LevelSnapshot) => Promise<unknown>,
  ): Promise<unknown> => {
    const found = await findSnapshot(snapshots, { peer, id: checkId(snapshot), database })
    try {
      return await withStore(database, (store) => use(store, found))
    } catch (error) {
      throw goneError(error)
    }
  }

  // What is opened has its number at once: its client may use it before the answer is there.
  const openRange = (request: RangeRequest, { database, id, snapshot }: InStore, peer: string): Promise<unknown> => {
    const number = checkId(id)
    const opened = withStore(database, async (store) =>
      store.range(
        request,
        snapshot === undefined ? undefined : await findSnapshot(snapshots, { peer, id: snapshot, database }),
      ),
    )
    cursors.add(peer, number, opened)
    return givePage(peer, number)
  }

  const openSnapshot = ({ database, id }: InStore, peer: string): Promise<null> => {
    const opened = withStore(database, async (store) => holdSnapshot(database, await store.snapshot()))
    snapshots.add(peer, checkId(id), opened)
    return opened.then(() => null)
  }

  const inStore = (asked: InStore, peer: string): unknown => {
    const { request, database, snapshot } = asked
    switch (request.type) {
      case 'range':
        return openRange(request, asked, peer)
      case 'snapshot':
        return openSnapshot(asked, peer)
      case 'clear':
        if (snapshot === undefined) return withStore(database, (store) => store.clear(request))
        return withSnapshot(asked, peer, (store, found) => store.clear(request, found))
      case 'batch':
        checkWrites(request.writes, limits)
        return withStore(database, (store) => store.submit(request))
      case 'watch':
        return new Parked(withStore(database, (store) => store.watch(request)))
      case 'approximateSize':
      case 'compactRange':
      case 'property':
        return withStore(database, (store) => store.inquire(request))
      default:
        if (snapshot === undefined) return withStore(database, (store) => store.submit(request))
        return withSnapshot(asked, peer, (store, found) => store.readAt(found, request))
    }
  }

  return (body: unknown, peer: string): unknown => {
    const request = parseRequest(body)
    switch (request.type) {
      case 'store':
        return inStore(request, peer)
      case 'open':
        return databases.open(request.database, request).then(() => null)
      case 'close':
        return databases.closeOne(request.database)
      case 'stats':
        return stats()
      case 'page':
        return givePage(peer, request.id)
      case 'seek':
        return cursors.use(peer, request.id).then((cursor) => cursor.seek(request.target))
      case 'endRange':
        return cursors.end(peer, request.id)
      case 'endSnapshot':
        return snapshots.end(peer, request.id)
    }
  }
}

/** `[done, page]`, or `[done]` with the page as a frame behind it. */
function pageReply({ page, done }: CursorPage): unknown {
  return page.byteLength < INLINE_PAGE ? [done, page] : new Reply([done], [page])
}

function checkId(id: number | undefined): number {
  if (id !== undefined) return id
  throw new OnituError('PROTOCOL', 'Expected the number under which to open this, got none')
}
