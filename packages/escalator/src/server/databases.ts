import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nameProblem, OnituError, systemCode } from '@onitu/protocol'
import { createGate } from './gate.ts'
import { openLevel } from './open-level.ts'
import { createStore, type Store } from './store.ts'
import type { WatchingOptions } from './watching.ts'

export interface OpenOptions {
  readonly create: boolean
  readonly mustBeNew: boolean
}

/** The databases of a server, by name: one directory each. Opened when they are first used, or all at once. */
export interface Databases {
  /** @throws OnituError `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`, and what opening throws. */
  open(name: string, options?: OpenOptions): Promise<Store>
  /** The store, if it is open already. */
  peek(name: string): Store | undefined
  /** How often each open one was asked, by name. */
  requests(): ReadonlyMap<string, number>
  openAll(): Promise<void>
  /** How many requests wait for changes. */
  watches(): number
  closeOne(name: string): Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

/** How long a predecessor that is ending may still hold a database, in ms. */
const LOCK_PATIENCE = 10_000
/** Pages of ranges that are read at the same time: one on its way to the main thread while another is read. */
const PAGES_AT_ONCE = 2
const MAX_OPEN_FILES = 1_000
const EXISTING: OpenOptions = { create: false, mustBeNew: false }

export function createDatabases(
  directory: string,
  maxOpenFiles = MAX_OPEN_FILES,
  watching?: WatchingOptions,
): Databases {
  const opening = new Map<string, Promise<Store>>()
  const open = new Map<string, Store>()
  const closing = new Map<string, Promise<void>>()
  const reading = createGate(PAGES_AT_ONCE)

  const openNew = async (name: string, { create, mustBeNew }: OpenOptions): Promise<Store> => {
    const path = join(directory, name)
    const exists = await isDirectory(path)
    if (exists && mustBeNew) throw existsError(name)
    if (!exists && !create) {
      throw new OnituError('DATABASE_NOT_FOUND', `The database ${JSON.stringify(name)} does not exist; create it first`)
    }
    const level = await openLevel(path, { createIfMissing: create, patience: LOCK_PATIENCE, maxOpenFiles })
    return createStore(level, reading, watching)
  }

  const databases: Databases = {
    async open(name, options = EXISTING) {
      // Until the lock is free, a new opening would wait for this very process.
      await closing.get(name)
      const current = opening.get(name)
      if (current !== undefined) {
        const store = await current
        if (options.mustBeNew) throw existsError(name)
        return store
      }
      const attempt = openNew(name, options)
      opening.set(name, attempt)
      try {
        const store = await attempt
        // Not at once: requests that waited for the opening come before those that find it open.
        setImmediate(() => {
          if (opening.get(name) === attempt) open.set(name, store)
        })
        return store
      } catch (error) {
        opening.delete(name)
        throw error
      }
    },
    peek: (name) => open.get(name),
    requests: () => new Map(Array.from(open, ([name, store]) => [name, store.requests])),
    async openAll() {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const entries = await readdir(directory, { withFileTypes: true })
      const names = entries.filter((entry) => entry.isDirectory() && nameProblem(entry.name) === undefined)
      await Promise.all(names.map(({ name }) => databases.open(name)))
    },
    watches() {
      let watches = 0
      for (const store of open.values()) watches += store.watches
      return watches
    },
    async closeOne(name) {
      const current = opening.get(name)
      if (current === undefined) return closing.get(name)
      opening.delete(name)
      open.delete(name)
      const end = current.then((store) => store.close())
      closing.set(name, end)
      try {
        await end
      } finally {
        if (closing.get(name) === end) closing.delete(name)
      }
    },
    async close() {
      await Promise.all([...opening.keys(), ...closing.keys()].map((name) => databases.closeOne(name)))
    },
  }
  return databases
}

function existsError(name: string): OnituError {
  return new OnituError('DATABASE_EXISTS', `The database ${JSON.stringify(name)} exists already; connect to it`)
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
