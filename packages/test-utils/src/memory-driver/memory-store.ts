import { randomUUID } from 'node:crypto'
import type { Database, Operation } from '@onitu/escalator'

/** What the store knows of a content without reading it. */
export interface Entry {
  readonly token: string
  readonly size: number
  readonly mtime: number | null
}

const ENTRY = 'entry:'
const CONTENT = 'content:'
const UPLOAD = 'upload:'
/** Zero-padded, so that the order of keys is the order of offsets. */
const OFFSET_DIGITS = 16

/**
 * Contents by path, kept in a database. Each change is one batch, so an entry and its content always belong together;
 * `change` runs one task at a time, so a task may look first and write then.
 */
export class MemoryStore {
  readonly #database: Database
  readonly #entries = new Map<string, Entry>()
  #tail: Promise<unknown> = Promise.resolve()

  constructor(database: Database) {
    this.#database = database
  }

  async load(): Promise<void> {
    for await (const [key, entry] of this.#database.range<Entry>({ prefix: ENTRY })) {
      this.#entries.set(key.slice(ENTRY.length), entry)
    }
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  get(path: string): Entry | undefined {
    return this.#entries.get(path)
  }

  /** Paths below a directory. */
  below(directory: string): string[] {
    return [...this.#entries.keys()].filter((path) => path.startsWith(`${directory}/`))
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#database.get<Uint8Array>(CONTENT + path, { raw: true })
  }

  change<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(task)
    this.#tail = Promise.allSettled([run])
    return run
  }

  /** Inside `change` only, as all below. */
  async write(path: string, content: Uint8Array, mtime: number | null): Promise<Entry> {
    const entry: Entry = { token: randomUUID(), size: content.byteLength, mtime }
    await this.#commit([
      { type: 'put', key: CONTENT + path, value: content, raw: true },
      { type: 'put', key: ENTRY + path, value: entry },
    ])
    this.#entries.set(path, entry)
    return entry
  }

  async delete(path: string): Promise<void> {
    await this.#commit([
      { type: 'delete', key: CONTENT + path },
      { type: 'delete', key: ENTRY + path },
    ])
    this.#entries.delete(path)
  }

  /** What is at the new path is replaced. */
  async move(path: string, to: string, mtime: number | null): Promise<Entry> {
    const content = await this.read(path)
    const entry: Entry = { token: randomUUID(), size: content.byteLength, mtime }
    await this.#commit([
      { type: 'delete', key: CONTENT + path },
      { type: 'delete', key: ENTRY + path },
      { type: 'put', key: CONTENT + to, value: content, raw: true },
      { type: 'put', key: ENTRY + to, value: entry },
    ])
    this.#entries.delete(path)
    this.#entries.set(to, entry)
    return entry
  }

  async setMtime(path: string, entry: Entry, mtime: number | null): Promise<Entry> {
    const changed: Entry = { ...entry, token: randomUUID(), mtime }
    await this.#database.put(ENTRY + path, changed)
    this.#entries.set(path, changed)
    return changed
  }

  async addPart(upload: string, offset: number, chunk: Uint8Array): Promise<void> {
    const key = `${UPLOAD}${upload}:${String(offset).padStart(OFFSET_DIGITS, '0')}`
    await this.#database.put(key, chunk, { raw: true })
  }

  /** The parts of an upload in order, by offset. */
  async parts(upload: string): Promise<Map<number, Uint8Array>> {
    const parts = new Map<number, Uint8Array>()
    const prefix = `${UPLOAD}${upload}:`
    for await (const [key, chunk] of this.#database.range<Uint8Array>({ prefix, raw: true })) {
      parts.set(Number(key.slice(prefix.length)), chunk)
    }
    return parts
  }

  /** Drops the parts that begin at `from` or later. */
  async dropParts(upload: string, from = 0): Promise<void> {
    const prefix = `${UPLOAD}${upload}:`
    const keys = await this.#database.keys({ prefix }).all()
    const dropped = keys.filter((key) => Number(key.slice(prefix.length)) >= from)
    await this.#commit(dropped.map((key) => ({ type: 'delete', key })))
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    await this.#database.batch(operations)
  }
}
