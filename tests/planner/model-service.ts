import { contentHash } from '@onitu/protocol'
import type { Change } from '../../packages/plug/src/contract.ts'

/** An entry of a service's tree. `content` is a serial number, unique for every write of a user; 0 for directories. */
export interface Entry {
  readonly kind: 'file' | 'directory'
  readonly content: number
  readonly mtime: number
  /** Permission bits; 0 for directories, which the model leaves without. */
  readonly mode: number
  readonly inode: number
}

/** What users have put in the world, and what somebody replaced or deleted who had it before their eyes. */
export interface Ledger {
  written: Set<number>
  replaced: Set<number>
  serial: number
  inode: number
  clock: number
}

export type Tree = Map<string, Entry>

export const hashOfContent = (content: number) => contentHash(Buffer.from(content === 0 ? '' : `content ${content}`))
export const SIZES = 5
/** Of the sizes that filters tell apart: as good as random, and the same for a content wherever it is. */
export const sizeOfContent = (content: number) => (content * 7) % SIZES
export const tokenOf = (entry: Entry) => `${entry.kind}.${entry.inode}.${entry.content}.${entry.mtime}.${entry.mode}`

export function below(tree: Tree, path: string): string[] {
  return [...tree.keys()].filter((other) => other.startsWith(`${path}/`))
}

export function makeParents(tree: Tree, path: string, ledger: Ledger): boolean {
  const parts = path.split('/').slice(0, -1)
  for (const [at] of parts.entries()) {
    const parent = parts.slice(0, at + 1).join('/')
    const entry = tree.get(parent)
    if (entry?.kind === 'file') return false
    if (entry === undefined) tree.set(parent, directory(ledger))
  }
  return true
}

export function directory(ledger: Ledger): Entry {
  return { kind: 'directory', content: 0, mtime: 0, mode: 0, inode: ++ledger.inode }
}

/** What a complete look at the tree finds, given what was seen before: as local-storage reports it. */
export function look(before: Tree, now: Tree): Change[] {
  const gone = [...before].filter(([path]) => !now.has(path))
  const byInode = new Map(gone.filter(([, { kind }]) => kind === 'file').map(([path, { inode }]) => [inode, path]))
  const changes: Change[] = []
  const moved = new Set<string>()
  for (const [path, entry] of now) {
    const old = before.get(path)
    if (old !== undefined && tokenOf(old) === tokenOf(entry)) continue
    const seen = {
      folder: 'docs',
      path,
      kind: entry.kind,
      size: entry.kind === 'file' ? sizeOfContent(entry.content) : 0,
      mtime: entry.mtime,
      mode: entry.kind === 'file' ? entry.mode : null,
      token: tokenOf(entry),
      hash: hashOfContent(entry.content),
    }
    const from =
      (old === undefined || old.kind !== entry.kind) && entry.kind === 'file' ? byInode.get(entry.inode) : undefined
    if (from === undefined) changes.push({ type: 'updated', ...seen })
    else {
      moved.add(from)
      changes.push({ type: 'moved', from: { folder: 'docs', path: from }, ...seen })
    }
  }
  const deletions = gone
    .map(([path]) => path)
    .filter((path) => !moved.has(path))
    .sort()
    .reverse()
  return [...changes, ...deletions.map((path) => ({ type: 'deleted' as const, folder: 'docs', path }))]
}
