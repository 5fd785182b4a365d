import { isUtf8 } from 'node:buffer'
import { type Key, keyBytes } from '../wire/key.ts'
import { bytesColumn, type PageColumn, packPage, textColumn } from '../wire/pack-page.ts'
import { createGate, type Gate } from './gate.ts'
import type { Level, LevelSnapshot } from './open-level.ts'
import type { RangeRequest } from './parse-request.ts'
import type { ReadingForms } from './reading-forms.ts'

export interface CursorPage {
  readonly page: Uint8Array
  /** Nothing comes behind it. */
  readonly done: boolean
}

/** One reader of a range, over the state at the moment it was opened. Calls take effect one after the other. */
export interface Cursor {
  /** It stays open at its end. */
  readonly seekable: boolean
  next(): Promise<CursorPage>
  /** The next page begins here, or behind it in the direction of the range; never outside its bounds. */
  seek(target: Key): Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

export interface CursorOptions {
  readonly level: Level
  readonly request: RangeRequest
  /** Read from it. It stays its owner's. */
  readonly snapshot: LevelSnapshot | undefined
  readonly forms: ReadingForms
  /** Shared by all cursors, so that many scans do not hold up everything else. */
  readonly reading: Gate
}

type Item = string | Uint8Array
interface LevelIterator {
  nextv(size: number): Promise<[Item, Item][]>
  seek(target: Key, options: { readonly keyEncoding: string }): void
  close(): Promise<void>
}
interface Columns {
  readonly keys: PageColumn
  readonly values: PageColumn
}

const PAGE_BYTES = 256 * 1024
/** Small first, since many loops leave early; then enough that a round trip costs little beside it. */
const FIRST_PAGE_ENTRIES = 128
const PAGE_ENTRIES = 2_048
const GROWTH = 4
const BYTES = { keyEncoding: 'view' }
/** A client asks for a few pages ahead, not for more. */
const ASKED_AHEAD = 16

/** The snapshot is taken now, before this returns. */
export function openCursor(options: CursorOptions): Cursor {
  return new LevelCursor(options)
}

/**
 * Reads texts where it can: LevelDB's binding makes a string in a tenth of the time of a Buffer. Where bytes turn out
 * not to be text, it goes back to the place where the page began and reads bytes from there on.
 */
class LevelCursor implements Cursor {
  readonly seekable: boolean
  #level: Level
  #request: RangeRequest
  #given: LevelSnapshot | undefined
  #snapshot: LevelSnapshot
  #forms: ReadingForms
  #reading: Gate
  #gate = createGate(1, ASKED_AHEAD)
  #form: number
  #iterator: LevelIterator
  /** Where the next page begins: at this key, or behind it. */
  #place: { readonly key: Key; readonly behind: boolean } | undefined
  #wanted = FIRST_PAGE_ENTRIES
  #left: number
  #closed = false

  constructor({ level, request, snapshot, forms, reading }: CursorOptions) {
    this.#level = level
    this.#request = request
    this.seekable = request.seekable
    this.#given = snapshot
    this.#snapshot = snapshot ?? level.snapshot()
    this.#forms = forms
    this.#reading = reading
    this.#form = formFor(request, forms)
    this.#left = limitOf(request)
    this.#iterator = this.#open()
  }

  next(): Promise<CursorPage> {
    return this.#gate(() => this.#reading(() => this.#next()))
  }

  seek(target: Key): Promise<void> {
    return this.#gate(async () => {
      this.#place = { key: target, behind: false }
      this.#left = limitOf(this.#request)
      this.#wanted = FIRST_PAGE_ENTRIES
      this.#iterator.seek(keyBytes(target), BYTES)
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#iterator.close()
    if (this.#given === undefined) await this.#snapshot.close()
  }

  async #next(): Promise<CursorPage> {
    const { keys, values } = this.#request
    const wanted = Math.min(this.#left, this.#wanted)
    this.#wanted = Math.min(PAGE_ENTRIES, this.#wanted * GROWTH)
    for (;;) {
      const pairs: [Item, Item][] = wanted === 0 ? [] : await this.#iterator.nextv(wanted)
      const columns = this.#columns(pairs)
      if (columns === undefined) {
        await this.#fallBack()
        continue
      }
      this.#left -= pairs.length
      const last = pairs.at(-1)
      if (last !== undefined) this.#place = { key: last[0], behind: true }
      const page = packPage(pairs.length, keys ? columns.keys : undefined, values ? columns.values : undefined)
      // Neither the count nor the bytes ended this page, so the range did: no further page has to be asked for.
      const exhausted = pairs.length < wanted && columns.keys.byteLength + columns.values.byteLength < PAGE_BYTES
      return { page, done: pairs.length === 0 || this.#left === 0 || exhausted }
    }
  }

  /** Undefined when the form of reading does not fit what is stored. */
  #columns(pairs: readonly (readonly [Item, Item])[]): Columns | undefined {
    const { keyEncoding, valueEncoding } = this.#forms.at(this.#form)
    const keys = column(
      pairs.map(([key]) => key),
      keyEncoding,
    )
    // Values that were not read are undefined.
    const values = this.#request.values
      ? column(
          pairs.map(([, value]) => value),
          valueEncoding,
        )
      : bytesColumn([])
    return keys && values && { keys, values }
  }

  async #fallBack(): Promise<void> {
    this.#form++
    this.#forms.failed(this.#form)
    await this.#iterator.close()
    this.#iterator = this.#open()
    if (this.#place === undefined) return
    this.#iterator.seek(keyBytes(this.#place.key), BYTES)
    // The entry there is the last one that was given: the snapshot still holds it.
    if (this.#place.behind) await this.#iterator.nextv(1)
  }

  #open(): LevelIterator {
    const { gt, gte, lt, lte, reverse, values } = this.#request
    const bounds = Object.entries({ gt, gte, lt, lte }).filter(([, key]) => key !== undefined)
    return this.#level.iterator<Key, Item>({
      // A view takes a text as its bytes, but not the other way round.
      ...Object.fromEntries(bounds),
      ...this.#forms.at(this.#form),
      // Keys are read in any case: they tell where a page ended.
      reverse,
      values,
      snapshot: this.#snapshot,
      fillCache: false,
      highWaterMarkBytes: PAGE_BYTES,
    })
  }
}

/** Bounds that are no texts cannot be given to a reader of texts. */
function formFor(request: RangeRequest, forms: ReadingForms): number {
  const first = forms.first()
  const bounds = [request.gt, request.gte, request.lt, request.lte]
  return bounds.every((bound) => bound === undefined || isText(bound)) ? first : forms.bytes
}

function isText(key: Key): boolean {
  return typeof key === 'string' || isUtf8(key)
}

function column(items: readonly Item[], encoding: 'utf8' | 'view'): PageColumn | undefined {
  return encoding === 'utf8' ? textColumn(items as readonly string[]) : bytesColumn(items as readonly Uint8Array[])
}

function limitOf({ limit }: RangeRequest): number {
  return limit === -1 ? Number.POSITIVE_INFINITY : limit
}
