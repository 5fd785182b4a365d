import type { Access, Place } from '../../src/conformance/index.ts'

export interface StoredEntry {
  readonly kind: 'file' | 'directory'
  readonly content: Uint8Array
  readonly mtime: number
  readonly revision: number
}

/** A service in memory, as far away from any driver as a real one. */
export class ReferenceStore {
  readonly entries = new Map<string, StoredEntry>()
  readonly uploads = new Map<string, Uint8Array>()
  outside = 'of somebody else'
  #revision = 0

  put(path: string, content: Uint8Array, mtime = 1_600_000_000_000): StoredEntry {
    this.mkdir(above(path))
    const entry: StoredEntry = { kind: 'file', content: Uint8Array.from(content), mtime, revision: ++this.#revision }
    this.entries.set(path, entry)
    return entry
  }

  mkdir(path: string): void {
    if (path === '' || this.entries.has(path)) return
    this.mkdir(above(path))
    this.entries.set(path, { kind: 'directory', content: new Uint8Array(), mtime: 0, revision: ++this.#revision })
  }

  below(path: string): string[] {
    return [...this.entries.keys()].filter((other) => other.startsWith(`${path}/`))
  }

  /** A file keeps its revision, as it would keep its inode. */
  rename(path: string, to: string): void {
    for (const each of [path, ...this.below(path)]) {
      const entry = this.entries.get(each)
      this.entries.delete(each)
      const target = to + each.slice(path.length)
      this.mkdir(above(target))
      if (entry !== undefined) this.entries.set(target, entry)
    }
  }
}

export function referencePlace(store: ReferenceStore): Place {
  const access: Access = {
    write: async (path, content) => void store.put(path, content),
    read: async (path) => store.entries.get(path)?.content,
    remove: async (path) => {
      for (const each of [path, ...store.below(path)]) store.entries.delete(each)
    },
    rename: async (path, to) => store.rename(path, to),
    makeDirectory: async (path) => store.mkdir(path),
    list: async () => [...store.entries.keys(), ...[...store.uploads.keys()].map((id) => `upload ${id}`)].sort(),
  }
  return {
    path: '/reference',
    access,
    outside: async () => store.outside,
    secrets: ['a very secret word'],
    remove: async () => undefined,
  }
}

function above(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}
