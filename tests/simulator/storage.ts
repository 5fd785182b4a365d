import { contentHash } from '@onitu/protocol'
import type { Capabilities } from '../../packages/plug/src/contract.ts'

/** A file or directory, as a service holds it. */
export interface Entry {
  readonly kind: 'file' | 'directory'
  readonly content: Buffer
  readonly mtime: number
  readonly mode: number
  readonly inode: number
  readonly token: string
  /** It was changed and has the same token as before: no driver can see that in a listing. */
  readonly isHidden?: boolean
}

/** How a service behaves, besides what it declares. */
export interface ServiceKind {
  readonly mode: 'r' | 'w' | 'rw'
  readonly capabilities: Capabilities
  /** New with each change; or size and time, cut off to `tokenGranularity`; or what follows from the content alone. */
  readonly tokens: 'serial' | 'coarse' | 'content'
  /** ms to which times are cut off. */
  readonly mtimeStep: number
  /** Whether the driver recognises a renamed file. */
  readonly seesMoves: boolean
  /** Whether the driver reads what it found before it tells of it. */
  readonly tellsHash: boolean
  /** Contents above this size go by chunks of it. */
  readonly chunkSize: number
  /** A listing may show what was there a while ago. */
  readonly listsLate: boolean
  /** Whether the driver tells again of what it has told of, as one does that cannot know whether there was another change in the same moment. */
  readonly tellsTwice: boolean
}

export const FOLDER = 'docs'

const PAST_STATES = 4

/** What is in a service. It outlives every process that looks after it. */
export class Storage {
  readonly name: string
  readonly kind: ServiceKind
  readonly entries = new Map<string, Entry>()
  /** What was written aside, by the state of the upload. */
  readonly uploads = new Map<string, Buffer>()
  /** Uploads that the Plug may never have heard of: its driver was asked to begin one, and there the story ends. */
  readonly unheard = new Set<string>()
  /** Paths that a driver wrote while its Plug never heard of it: killed, or told of a failure. */
  readonly unsure = new Set<string>()
  /** Every path at which there was something, ever. */
  readonly known = new Set<string>()
  /** Every path that its users made, ever. */
  readonly made = new Set<string>()
  /** Where there are no directories, a file and what is below its name have been together. */
  hasBeside = false
  isReachable = true
  /** Bytes that can be written until the disk is full. */
  room = Number.POSITIVE_INFINITY
  /** As it was at some times before, the latest last. */
  readonly past: ReadonlyMap<string, Entry>[] = []
  #count = 0
  /** What was at each path last, there or not. */
  readonly #last = new Map<string, Entry>()

  constructor(name: string, kind: ServiceKind) {
    this.name = name
    this.kind = kind
  }

  nextInode(): number {
    return ++this.#count
  }

  put(path: string, entry: Omit<Entry, 'token' | 'isHidden'>): Entry {
    const mtime = cut(entry.mtime, this.kind)
    const { kind, content, mode, inode } = entry
    return this.set(path, { kind, content, mode, inode, mtime, token: this.#tokenOf({ ...entry, mtime }) })
  }

  /** Whether this would not show there in the token. */
  hides(path: string, entry: Entry): boolean {
    const before = this.#last.get(path)
    return before?.token === entry.token && (before.isHidden === true || !before.content.equals(entry.content))
  }

  set(path: string, entry: Entry): Entry {
    const isHidden = this.hides(path, entry)
    const stored = { ...entry, isHidden }
    const isAbove = parentsOf(path).some((parent) => this.entries.get(parent)?.kind === 'file')
    if (entry.kind === 'file' && (isAbove || this.below(path).length > 0)) this.hasBeside = true
    this.entries.set(path, stored)
    this.#last.set(path, stored)
    this.known.add(path)
    return stored
  }

  /** Somebody has read what is there. */
  wasRead(path: string): void {
    const entry = this.entries.get(path)
    if (entry?.isHidden !== true) return
    this.entries.set(path, { ...entry, isHidden: false })
    this.#last.set(path, { ...entry, isHidden: false })
  }

  makeDirectory(path: string): Entry {
    const inode = this.nextInode()
    return this.put(path, { kind: 'directory', content: Buffer.alloc(0), mtime: 0, mode: 0o755, inode })
  }

  /** For a driver, whose Plug has not ordered all of them yet. False when a file is in the way. */
  makeUnordered(path: string): boolean {
    for (const parent of parentsOf(path)) if (!this.entries.has(parent)) this.unsure.add(parent)
    return this.makeParents(path)
  }

  /** False when a file is in the way. */
  makeParents(path: string): boolean {
    const parents = parentsOf(path)
    if (!this.kind.capabilities.directories) return true
    if (parents.some((parent) => this.entries.get(parent)?.kind === 'file')) return false
    for (const parent of parents) if (!this.entries.has(parent)) this.makeDirectory(parent)
    return true
  }

  below(path: string): string[] {
    return [...this.entries.keys()].filter((other) => other.startsWith(`${path}/`))
  }

  /** Path, kind and hash of everything. */
  describe(): string[] {
    return [...this.entries].map(([path, { kind, content }]) => `${path} ${kind} ${contentHash(content)}`).sort()
  }

  /** So that a listing may be late. */
  remember(): void {
    if (!this.kind.listsLate) return
    this.past.push(new Map(this.entries))
    if (this.past.length > PAST_STATES) this.past.shift()
  }

  #tokenOf({ kind, content, mtime, mode, inode }: Omit<Entry, 'token'>): string {
    if (kind === 'directory') return `d${inode}`
    const { tokens, capabilities } = this.kind
    if (tokens === 'coarse') return `f${content.byteLength}-${mtime}${capabilities.mode ? `-${mode}` : ''}`
    if (tokens === 'content') return `f${contentHash(content)}`
    return `f${inode}.${++this.#count}`
  }
}

/** A time as a service keeps it. */
export function cut(time: number, { mtimeStep }: Pick<ServiceKind, 'mtimeStep'>): number {
  return Math.floor(time / mtimeStep) * mtimeStep
}

/** From the topmost on. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(0, -1).map((_, at) => parts.slice(0, at + 1).join('/'))
}

/** Of what was moved aside, or is a copy: where it was. */
export function originalOf(path: string): string {
  return path.replaceAll(/ \((conflict of )?[^)]*\)/g, '')
}

/** One of two names of a file and its copies of conflicts, of which at least one is a copy. */
export function isConflictOf(path: string, other: string): boolean {
  const isCopy = path !== originalOf(path) || other !== originalOf(other)
  return isCopy && originalOf(path) === originalOf(other)
}

export function inodeOf(token: string): string {
  const dot = token.indexOf('.')
  return dot === -1 ? token : token.slice(0, dot)
}
