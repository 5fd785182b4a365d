import { keyBytes } from '../wire/key.ts'
import { packWrites, unpackWrites, type WriteList } from '../wire/write-list.ts'

/** Where in the log: behind the change with this number. Numbers of another epoch say nothing here. */
export interface Position {
  readonly epoch: string
  readonly sequence: number
}

export interface ChangePage {
  /** What was written under the prefix, in commit order. */
  readonly changes: WriteList
  /** The number of each change. */
  readonly sequences: readonly number[]
  /** Everything up to here has been looked at. */
  readonly end: number
}

interface Entry {
  /** The number of the first change in it. */
  readonly first: number
  readonly count: number
  /** Keys and values: a copy, since what came is part of a larger message. */
  readonly packed: Uint8Array
}

/** What an entry takes beside its bytes, about. */
const OVERHEAD = 200
/** Most changes looked at in one go: others wait meanwhile. */
const SCAN = 5_000

/** The last changes of one database, in commit order. The oldest are dropped so that it keeps to `capacity` bytes. */
export class ChangeLog {
  readonly epoch: string
  #capacity: number
  #entries: Entry[] = []
  #bytes = 0
  #last = 0

  constructor(epoch: string, capacity: number) {
    this.epoch = epoch
    this.#capacity = capacity
  }

  /** The number of the last change; the first one is 1. */
  get last(): number {
    return this.#last
  }

  append(list: WriteList): void {
    const count = list.keys.length
    if (count === 0) return
    const entry = { first: this.#last + 1, count, packed: new Uint8Array(packWrites(list)) }
    this.#last += count
    this.#entries.push(entry)
    this.#bytes += sizeOf(entry)
    this.#forget()
  }

  /** Whether everything behind this position is still here. */
  reaches({ epoch, sequence }: Position): boolean {
    return epoch === this.epoch && sequence <= this.#last && sequence >= (this.#entries[0]?.first ?? this.#last + 1) - 1
  }

  /** What comes behind `sequence`, about `maxBytes` of it. It may be nothing, and yet not the end of the log. */
  read(sequence: number, prefix: Uint8Array, maxBytes: number): ChangePage {
    const keys: Uint8Array[] = []
    const values: (Uint8Array | null)[] = []
    const sequences: number[] = []
    let bytes = 0
    for (let index = this.#indexOf(sequence + 1); index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry === undefined) break
      const list = unpackWrites(entry.packed)
      for (let at = Math.max(0, sequence + 1 - entry.first); at < entry.count; at++) {
        const number = entry.first + at
        if (bytes >= maxBytes || number - sequence > SCAN)
          return { changes: { keys, values }, sequences, end: number - 1 }
        const key = keyBytes(list.keys[at] ?? '')
        if (!startsWith(key, prefix)) continue
        const value = list.values[at] ?? null
        keys.push(key)
        values.push(value)
        sequences.push(number)
        bytes += key.byteLength + (value?.byteLength ?? 0) + OVERHEAD
      }
    }
    return { changes: { keys, values }, sequences, end: this.#last }
  }

  /** The entry with this change, or the place behind the last one. */
  #indexOf(sequence: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && entry.first + entry.count <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #forget(): void {
    let count = 0
    for (; this.#bytes > this.#capacity && count < this.#entries.length; count++) {
      const entry = this.#entries[count]
      if (entry !== undefined) this.#bytes -= sizeOf(entry)
    }
    if (count > 0) this.#entries.splice(0, count)
  }
}

export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key.byteLength < prefix.byteLength) return false
  for (let at = 0; at < prefix.byteLength; at++) if (key[at] !== prefix[at]) return false
  return true
}

function sizeOf({ packed }: Entry): number {
  return packed.byteLength + OVERHEAD
}
