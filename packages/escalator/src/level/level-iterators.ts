import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import type { RemoteCursor } from '../client/remote-cursor.ts'
import type { Page } from '../wire/page.ts'
import { type Format, type Formatted, fromBytes, toKey } from './formats.ts'
import { createPageReader, type PageReader } from './page-reader.ts'

/** What abstract-level hands over: encodings are the forms that this database has named. */
export interface IteratorOptions {
  readonly keyEncoding: Format
  readonly valueEncoding: Format
  readonly keys?: boolean
  readonly values?: boolean
}

type FormattedEntry = [key: Formatted | undefined, value: Formatted | undefined]

export class LevelIterator<Level> extends AbstractIterator<Level, unknown, unknown> {
  #reader: PageReader<FormattedEntry>

  constructor(level: Level, options: IteratorOptions, cursor: RemoteCursor) {
    super(level, options)
    const { keys = true, values = true, keyEncoding, valueEncoding } = options
    this.#reader = createPageReader(cursor, (page, index) => [
      keys ? keyAt(page, index, keyEncoding) : undefined,
      values ? valueAt(page, index, valueEncoding) : undefined,
    ])
  }

  _next(): Promise<FormattedEntry | undefined> {
    return this.#reader.next()
  }

  _nextv(size: number): Promise<FormattedEntry[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(toKey(target))
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

export class LevelKeyIterator<Level> extends AbstractKeyIterator<Level, unknown> {
  #reader: PageReader<Formatted>

  constructor(level: Level, options: IteratorOptions, cursor: RemoteCursor) {
    super(level, options)
    const { keyEncoding } = options
    this.#reader = createPageReader(cursor, (page, index) => keyAt(page, index, keyEncoding))
  }

  _next(): Promise<Formatted | undefined> {
    return this.#reader.next()
  }

  _nextv(size: number): Promise<Formatted[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(toKey(target))
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

export class LevelValueIterator<Level> extends AbstractValueIterator<Level, unknown, unknown> {
  #reader: PageReader<Formatted>

  constructor(level: Level, options: IteratorOptions, cursor: RemoteCursor) {
    super(level, options)
    const { valueEncoding } = options
    this.#reader = createPageReader(cursor, (page, index) => valueAt(page, index, valueEncoding))
  }

  _next(): Promise<Formatted | undefined> {
    return this.#reader.next()
  }

  _nextv(size: number): Promise<Formatted[]> {
    return this.#reader.nextv(size)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(toKey(target))
  }

  _close(): Promise<void> {
    return this.#reader.close()
  }
}

function keyAt(page: Page, index: number, format: Format): Formatted {
  return format === 'utf8' ? page.keyText(index, 0) : fromBytes(page.key(index), format)
}

function valueAt(page: Page, index: number, format: Format): Formatted {
  return format === 'utf8' ? page.valueText(index) : fromBytes(page.value(index), format)
}
