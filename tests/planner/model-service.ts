import { contentHash } from '@onitu/protocol'
import type { Change } from '../../packages/plug/src/contract.ts'
import type { Random } from './random.ts'

/** An entry of a service's tree. `content` is a serial number, unique for every write of a user; 0 for directories. */
export interface Entry {
  readonly kind: 'file' | 'directory'
  readonly content: number
  readonly mtime: number
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

const NAMES = ['a', 'b', 'c', 'd', 'a/x', 'a/y', 'b/x', 'b/y', 'c/x/z']

export const hashOfContent = (content: number) => contentHash(Buffer.from(content === 0 ? '' : `content ${content}`))
export const tokenOf = (entry: Entry) => `${entry.kind}.${entry.inode}.${entry.content}.${entry.mtime}`

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

function directory(ledger: Ledger): Entry {
  return { kind: 'directory', content: 0, mtime: 0, inode: ++ledger.inode }
}

/** One thing a user does. */
export function act(tree: Tree, ledger: Ledger, random: Random): void {
  const path = random.pick(NAMES)
  const entry = tree.get(path)
  const action = random.integer(12)
  if (action < 4) write(tree, ledger, path)
  else if (action < 6) erase(tree, ledger, path)
  else if (action < 9) rename(tree, ledger, path, random.pick(NAMES))
  else if (action === 9) collapse(tree, ledger, path)
  else if (action === 10) expand(tree, ledger, path)
  else if (entry === undefined && makeParents(tree, path, ledger)) tree.set(path, directory(ledger))
}

function write(tree: Tree, ledger: Ledger, path: string): void {
  const entry = tree.get(path)
  if (entry?.kind === 'directory') return
  if (entry === undefined && !makeParents(tree, path, ledger)) return
  if (entry !== undefined) ledger.replaced.add(entry.content)
  const content = ++ledger.serial
  ledger.written.add(content)
  tree.set(path, { kind: 'file', content, mtime: ++ledger.clock, inode: entry?.inode ?? ++ledger.inode })
}

function erase(tree: Tree, ledger: Ledger, path: string): void {
  for (const gone of [...below(tree, path), path]) {
    const entry = tree.get(gone)
    if (entry?.kind === 'file') ledger.replaced.add(entry.content)
    tree.delete(gone)
  }
}

function rename(tree: Tree, ledger: Ledger, from: string, to: string): void {
  const entry = tree.get(from)
  if (entry === undefined || from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return
  const target = tree.get(to)
  if (target !== undefined && (target.kind === 'directory' || entry.kind === 'directory')) return
  if (!makeParents(tree, to, ledger)) return
  if (target !== undefined) ledger.replaced.add(target.content)
  const inside = below(tree, from)
  tree.set(to, entry)
  tree.delete(from)
  for (const path of inside) {
    const child = tree.get(path)
    if (child === undefined) continue
    tree.set(`${to}${path.slice(from.length)}`, child)
    tree.delete(path)
  }
}

/** A file takes the place of the directory that it was in. */
function collapse(tree: Tree, ledger: Ledger, path: string): void {
  const entry = tree.get(path)
  const slash = path.lastIndexOf('/')
  if (entry?.kind !== 'file' || slash === -1) return
  tree.delete(path)
  erase(tree, ledger, path.slice(0, slash))
  tree.set(path.slice(0, slash), entry)
}

/** A file goes into a directory of its own name. */
function expand(tree: Tree, ledger: Ledger, path: string): void {
  const entry = tree.get(path)
  if (entry?.kind !== 'file' || path.includes('/')) return
  tree.set(path, directory(ledger))
  tree.set(`${path}/x`, entry)
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
      size: 1,
      mtime: entry.mtime,
      mode: null,
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
