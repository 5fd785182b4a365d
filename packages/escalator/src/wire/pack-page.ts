import { HAS_KEYS, HAS_VALUES, PAGE_HEADER } from './page.ts'

/** One column of a page, measured. */
export interface PageColumn {
  readonly lengths: readonly number[]
  readonly byteLength: number
  /** Puts the column where it belongs. */
  write(target: Buffer, at: number): void
}

export function bytesColumn(items: readonly Uint8Array[]): PageColumn {
  const lengths = items.map(({ byteLength }) => byteLength)
  return {
    lengths,
    byteLength: lengths.reduce((sum, length) => sum + length, 0),
    write(target, at) {
      let next = at
      for (const item of items) {
        target.set(item, next)
        next += item.byteLength
      }
    },
  }
}

/**
 * A column of texts, which is made and written as one text: that costs a fraction of one call for each. Undefined when
 * any of them holds U+FFFD, as which bytes that are no UTF-8 are read: then the bytes themselves have to be read.
 */
export function textColumn(items: readonly string[]): PageColumn | undefined {
  const joined = items.join('')
  if (joined.includes('\ufffd')) return undefined
  const byteLength = Buffer.byteLength(joined)
  const ascii = byteLength === joined.length
  return {
    lengths: items.map((item) => (ascii ? item.length : Buffer.byteLength(item))),
    byteLength,
    write: (target, at) => void target.write(joined, at, ascii ? 'latin1' : 'utf8'),
  }
}

export function packPage(count: number, keys: PageColumn | undefined, values: PageColumn | undefined): Uint8Array {
  const size = PAGE_HEADER + (keys ? count * 4 + keys.byteLength : 0) + (values ? count * 4 + values.byteLength : 0)
  // Of its own, not from the pool: it is sent without a copy.
  const page = Buffer.allocUnsafeSlow(size)
  page.writeUInt32LE((keys ? HAS_KEYS : 0) | (values ? HAS_VALUES : 0), 0)
  page.writeUInt32LE(count, 4)
  let at = PAGE_HEADER
  if (keys) at = writeEnds(page, at, keys.lengths)
  if (values) at = writeEnds(page, at, values.lengths)
  keys?.write(page, at)
  values?.write(page, at + (keys?.byteLength ?? 0))
  return page
}

function writeEnds(page: Buffer, start: number, lengths: readonly number[]): number {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  let at = start
  let end = 0
  for (const length of lengths) {
    end += length
    view.setUint32(at, end, true)
    at += 4
  }
  return at
}
