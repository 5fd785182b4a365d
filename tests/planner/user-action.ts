import { below, directory, type Ledger, makeParents, type Tree } from './model-service.ts'

/** One thing a user does on a service. What cannot be done there does nothing. */
export interface UserAction {
  readonly do: 'write' | 'erase' | 'rename' | 'revise' | 'collapse' | 'expand' | 'mkdir' | 'touch' | 'chmod'
  readonly path: string
  /** Of what is renamed. */
  readonly to: string
}

type Act = (tree: Tree, ledger: Ledger, path: string, to: string) => void

const ACTS: Readonly<Record<UserAction['do'], Act>> = {
  write,
  erase,
  rename,
  /** Between two looks. */
  revise(tree, ledger, path, to) {
    write(tree, ledger, path)
    rename(tree, ledger, path, to)
  },
  collapse,
  expand,
  mkdir(tree, ledger, path) {
    if (!tree.has(path) && makeParents(tree, path, ledger)) tree.set(path, directory(ledger))
  },
  touch: (tree, ledger, path) => change(tree, path, { mtime: ++ledger.clock }),
  chmod: (tree, _, path) => change(tree, path, { mode: tree.get(path)?.mode === 0o600 ? 0o644 : 0o600 }),
}

export function act(tree: Tree, ledger: Ledger, action: UserAction): void {
  ACTS[action.do](tree, ledger, action.path, action.to)
}

function change(tree: Tree, path: string, attributes: { mtime?: number; mode?: number }): void {
  const entry = tree.get(path)
  if (entry?.kind === 'file') tree.set(path, { ...entry, ...attributes })
}

function write(tree: Tree, ledger: Ledger, path: string): void {
  const entry = tree.get(path)
  if (entry?.kind === 'directory') return
  if (entry === undefined && !makeParents(tree, path, ledger)) return
  if (entry !== undefined) ledger.replaced.add(entry.content)
  const content = ++ledger.serial
  ledger.written.add(content)
  const mode = entry?.mode ?? 0o644
  tree.set(path, { kind: 'file', content, mtime: ++ledger.clock, mode, inode: entry?.inode ?? ++ledger.inode })
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
