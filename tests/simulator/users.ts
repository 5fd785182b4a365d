import { contentHash } from '@onitu/protocol'
import type { Scheduler } from './scheduler.ts'
import { parentsOf, type Storage } from './storage.ts'

/** One thing that a user did. */
export interface Deed {
  readonly service: string
  readonly what: 'write' | 'erase' | 'move' | 'attributes' | 'directory'
  readonly path: string
  readonly to?: string
  readonly content?: number
}

/** What users have put in the world, and what somebody replaced or deleted who had it before their eyes. */
export class Ledger {
  readonly written = new Set<number>()
  readonly replaced = new Set<number>()
  readonly #numbers = new Map<string, number>([[contentHash(Buffer.alloc(0)), 0]])
  readonly #joined = new Map<string, ReadonlySet<string>>()
  /** Since everything was last quiet. */
  deeds: Deed[] = []
  /** Moved by somebody: moved twice at once, it may be in two places. */
  readonly moved = new Set<number>()
  /** What files had as their time when somebody wrote, touched or moved them, in ms. */
  readonly times = new Set<number>()
  #serial = 0

  create(size: number, isExact = false): Buffer {
    const number = ++this.#serial
    const text = `content ${number} `.repeat(1 + Math.floor(size / 12))
    const content = Buffer.from(isExact ? text.padEnd(size, '.').slice(0, Math.max(size, 12)) : text)
    this.written.add(number)
    this.#numbers.set(contentHash(content), number)
    return content
  }

  /** Undefined for what no user ever wrote. */
  numberOf(content: Buffer): number | undefined {
    return this.#numbers.get(contentHash(content))
  }

  /** Whatever was at the one path may be at the other since. */
  join(from: string, to: string): void {
    const paths = new Set([...this.joined(from), ...this.joined(to)])
    for (const path of paths) this.#joined.set(path, paths)
  }

  joined(path: string): ReadonlySet<string> {
    return this.#joined.get(path) ?? new Set([path])
  }

  replace(content: Buffer): void {
    const number = this.numberOf(content)
    if (number !== undefined) this.replaced.add(number)
  }
}

const NAMES = ['a', 'b', 'a/x', 'a/y', 'b/x', 'c/x/z']

/** Whoever works in a service, by hand and at any moment. */
export class User {
  readonly #scheduler: Scheduler
  readonly #storage: Storage
  readonly #ledger: Ledger
  readonly #changed: () => void
  #last = 'a/x'

  constructor(scheduler: Scheduler, storage: Storage, ledger: Ledger, changed: () => void) {
    this.#scheduler = scheduler
    this.#storage = storage
    this.#ledger = ledger
    this.#changed = changed
  }

  act(): void {
    if (!this.#storage.isReachable) return
    const { random } = this.#scheduler
    // People often go on where they were: in the file, or with the directory that it is in.
    const goesOn = random.chance(0.3)
    const path = goesOn ? random.pick([this.#last, ...parentsOf(this.#last)]) : random.pick(NAMES)
    this.#last = path
    const action = goesOn && random.chance(0.4) ? random.pick([1, 4]) : random.below(13)
    this.#do(action, path)
  }

  /** At this file and no other, or onto it. */
  actAt(path: string): void {
    const { random } = this.#scheduler
    if (!this.#storage.isReachable) return
    this.#last = path
    if (random.chance(0.2)) {
      this.move(random.pick(NAMES), path)
      this.#changed()
    } else this.#do(random.below(13), path)
  }

  #do(action: number, path: string): void {
    const { random } = this.#scheduler
    if (action < 4) this.write(path)
    else if (action < 6) this.erase(path)
    else if (action < 9) this.move(path, random.pick(NAMES))
    else if (action === 9) this.#collapse(path)
    else if (action === 10) this.#expand(path)
    else if (action === 11) this.attributes(path)
    else this.makeDirectory(path)
    this.#changed()
  }

  write(path: string): void {
    const storage = this.#storage
    const { random } = this.#scheduler
    const entry = storage.entries.get(path)
    if (entry?.kind === 'directory') return
    if (entry === undefined && !storage.makeParents(path)) return
    if (entry !== undefined) this.#ledger.replace(entry.content)
    const { tokens } = storage.kind
    // Where that may not show: as long as what was there.
    const isAlike = tokens === 'coarse' && entry !== undefined && random.chance(0.5)
    const size = isAlike ? entry.content.byteLength : random.chance(0.4) ? random.below(300) : random.below(30)
    const content = this.#ledger.create(size, isAlike)
    // Saved in place, or written anew and renamed over, as editors do.
    const inode = entry !== undefined && random.chance(0.5) ? entry.inode : storage.nextInode()
    storage.put(path, { kind: 'file', content, mtime: this.#scheduler.now(), mode: entry?.mode ?? 0o644, inode })
    this.#did('write', path, undefined, this.#ledger.numberOf(content))
  }

  erase(path: string): void {
    const { entries } = this.#storage
    const below = entries.get(path)?.kind === 'file' ? [] : this.#storage.below(path)
    const gone = [...below, path].filter((one) => entries.has(one))
    for (const one of gone) {
      const entry = this.#storage.entries.get(one)
      if (entry?.kind === 'file') this.#ledger.replace(entry.content)
      this.#storage.entries.delete(one)
      this.#did('erase', one, undefined, entry?.kind === 'file' ? this.#ledger.numberOf(entry.content) : undefined)
    }
  }

  move(from: string, to: string): void {
    const storage = this.#storage
    const entry = storage.entries.get(from)
    if (entry === undefined || from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return
    const target = storage.entries.get(to)
    if (target !== undefined && (target.kind === 'directory' || entry.kind === 'directory')) return
    // An old file of the same size and time in the place of another: who goes by these never sees that, as nobody does who syncs by them.
    if (storage.hides(to, entry)) return
    if (!storage.makeParents(to)) return
    if (target !== undefined) this.#ledger.replace(target.content)
    const below = entry.kind === 'directory' ? storage.below(from) : []
    for (const path of [from, ...below]) this.#rename(path, `${to}${path.slice(from.length)}`)
  }

  attributes(path: string): void {
    const entry = this.#storage.entries.get(path)
    if (entry?.kind !== 'file') return
    const isTouched = this.#scheduler.random.chance(0.5)
    const mode = isTouched ? entry.mode : entry.mode ^ 0o100
    this.#storage.put(path, { ...entry, mode, mtime: isTouched ? this.#scheduler.now() : entry.mtime })
    // What is touched while it makes way for a directory may be taken for another file.
    if (this.#storage.hasBeside) this.#ledger.moved.add(this.#ledger.numberOf(entry.content) ?? 0)
    this.#did('attributes', path)
  }

  makeDirectory(path: string): void {
    const storage = this.#storage
    if (!storage.kind.capabilities.directories || storage.entries.has(path) || !storage.makeParents(path)) return
    storage.makeDirectory(path)
    this.#did('directory', path)
  }

  /** A file takes the place of the directory that it was in. */
  #collapse(path: string): void {
    const entry = this.#storage.entries.get(path)
    const parent = parentsOf(path).at(-1)
    if (entry?.kind !== 'file' || parent === undefined) return
    this.#storage.entries.delete(path)
    this.erase(parent)
    this.#storage.set(parent, entry)
    this.#did('move', path, parent, this.#ledger.numberOf(entry.content))
  }

  /** A file goes into a directory of its own name. */
  #expand(path: string): void {
    const entry = this.#storage.entries.get(path)
    if (entry?.kind !== 'file' || path.includes('/') || !this.#storage.kind.capabilities.directories) return
    this.#storage.makeDirectory(path)
    this.#storage.set(`${path}/x`, entry)
    this.#did('move', path, `${path}/x`, this.#ledger.numberOf(entry.content))
  }

  #rename(from: string, to: string): void {
    const entry = this.#storage.entries.get(from)
    if (entry === undefined) return
    this.#storage.set(to, entry)
    this.#storage.entries.delete(from)
    this.#did('move', from, to, entry.kind === 'file' ? this.#ledger.numberOf(entry.content) : undefined)
  }

  #did(what: Deed['what'], path: string, to?: string, content?: number): void {
    const { name, made, entries } = this.#storage
    const { mtime } = entries.get(to ?? path) ?? {}
    if (mtime !== undefined) this.#ledger.times.add(mtime)
    for (const place of [path, to ?? path]) {
      for (const one of [...parentsOf(place), place]) made.add(one)
      if (entries.get(place)?.isHidden === true) this.#scheduler.count('a change does not show in the token')
    }
    if (what === 'move') this.#ledger.join(path, to ?? path)
    if (what === 'move' && content !== undefined) this.#ledger.moved.add(content)
    this.#ledger.deeds.push({
      service: name,
      what,
      path,
      ...(to === undefined ? {} : { to }),
      ...(content === undefined ? {} : { content }),
    })
    this.#scheduler.note(`USER of ${name}: ${what} ${path}${to === undefined ? '' : ` -> ${to}`} (${content ?? ''})`)
  }
}
