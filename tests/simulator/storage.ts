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
}

/** How a service behaves, besides what it declares. */
export interface ServiceKind {
  readonly mode: 'r' | 'w' | 'rw'
  readonly capabilities: Capabilities
  /** ms to which times are cut off. */
  readonly mtimeStep: number
  /** Whether the driver recognises a renamed file. */
  readonly seesMoves: boolean
  /** Whether the driver reads what it found before it tells of it. */
  readonly tellsHash: boolean
  /** Contents above this size go by chunks of it. */
  readonly chunkSize: number
}

export const FOLDER = 'docs'

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
  isReachable = true
  /** Bytes that can be written until the disk is full. */
  room = Number.POSITIVE_INFINITY
  #count = 0

  constructor(name: string, kind: ServiceKind) {
    this.name = name
    this.kind = kind
  }

  nextInode(): number {
    return ++this.#count
  }

  put(path: string, entry: Omit<Entry, 'token' | 'mtime'> & { readonly mtime: number }): Entry {
    const mtime = Math.floor(entry.mtime / this.kind.mtimeStep) * this.kind.mtimeStep
    const token = entry.kind === 'directory' ? `d${entry.inode}` : `f${entry.inode}.${++this.#count}`
    const stored = { ...entry, mtime, token }
    this.entries.set(path, stored)
    return stored
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
    if (parents.some((parent) => this.entries.get(parent)?.kind === 'file')) return false
    if (!this.kind.capabilities.directories) return true
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
}

/** From the topmost on. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(0, -1).map((_, at) => parts.slice(0, at + 1).join('/'))
}

export function inodeOf(token: string): string {
  const dot = token.indexOf('.')
  return dot === -1 ? token : token.slice(0, dot)
}
