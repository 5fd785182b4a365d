import type { Database, Key } from '../database.ts'
import type { CurveClientOptions } from '../messaging/curve-client.ts'
import { createRequester } from '../messaging/requester.ts'
import { checkStats, type ServerStats } from '../wire/stats.ts'
import { createChannel } from './channel.ts'
import { createRemoteDatabase } from './remote-database.ts'

export interface ConnectOptions {
  readonly address: string
  /** Default `default`. */
  readonly database?: string
  /** Only the part of the database under this prefix. Default: all of it. */
  readonly prefix?: Key
  /** Make the database if it is missing. Default true. */
  readonly create?: boolean
  /** Deadline of each call in ms, unless it brings its own. Default 10,000. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /** Keys, for a server at a tcp address that has them. */
  readonly curve?: CurveClientOptions
}

/** A database and the connection to its server. `D` is the caller's claim of what its values are. */
export interface Client<D = unknown> extends Database<D>, AsyncDisposable {
  /** Another database of the same server, over the same connection. */
  database<E = unknown>(name: string, options?: { readonly create?: boolean }): Promise<Database<E>>
  /** Makes a database that must not exist yet. @throws OnituError `DATABASE_EXISTS` */
  create<E = unknown>(name: string): Promise<Database<E>>
  /** Has the server close a database and free what it holds in memory. The next use of any handle opens it again. */
  release(name: string): Promise<void>
  /** What the server does and has done. */
  stats(): Promise<ServerStats>
  /** Fails all calls that wait, and all later ones, with `ESCALATOR_CLOSED`. May be called twice. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUT = 10_000

/**
 * Connects to a server and opens a database. The connection is made again by itself whenever it is lost.
 * @throws AccessDeniedError; RequestTimeoutError when the server cannot be reached in time; OnituError `DATABASE_NOT_FOUND`
 */
export async function connect<D = unknown>(options: ConnectOptions): Promise<Client<D>> {
  const {
    address,
    database = 'default',
    prefix = '',
    create = true,
    timeout = DEFAULT_TIMEOUT,
    signal,
    curve,
  } = options
  if (curve !== undefined && !address.startsWith('tcp://'))
    throw new TypeError(`Keys are for tcp:// addresses, and a server does not use them at ${address}; leave them out`)
  const requester = createRequester({ address, timeout, ...(curve === undefined ? {} : { curve }) })
  const channel = createChannel(requester, timeout)
  const open = async <E>(name: string, mayCreate: boolean, part: Key): Promise<Database<E>> => {
    // Opening twice is opening once, so it may be asked again like a read.
    await channel.read(['open', name, mayCreate], signal === undefined ? {} : { signal })
    return createRemoteDatabase<E>(channel, name, part)
  }
  try {
    const opened = await open<D>(database, create, prefix)
    const close = () => requester.close()
    return Object.assign(opened, {
      async create<E>(name: string) {
        await channel.write(['open', name, true, true])
        return createRemoteDatabase<E>(channel, name, '')
      },
      async release(name: string) {
        await channel.read(['close', name])
      },
      async stats() {
        return checkStats(await channel.read(['stats']))
      },
      database: <E>(name: string, { create: mayCreate = true } = {}) => open<E>(name, mayCreate, ''),
      close,
      [Symbol.asyncDispose]: close,
    })
  } catch (error) {
    await requester.close()
    throw error
  }
}
