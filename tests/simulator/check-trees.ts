import { contentHash, decode, fileId, type Head, keys, type Order } from '@onitu/protocol'
import { liveHeads } from './known.ts'
import { isLetIn, isNamed } from './setup.ts'
import { cut, type Entry, FOLDER, originalOf, parentsOf, type Storage } from './storage.ts'
import type { World } from './world.ts'

/** I2 and I10: every service has what the hub has and the rules send it, and nothing else but what was kept out of the hub. */
export function checkTrees(world: World): string[] {
  const heads = new Map(liveHeads(world.store.values).map((head) => [head.path, head]))
  return [...world.storages.values()]
    .flatMap((storage) => [
      ...checkMissing(world, storage, heads),
      ...checkAdded(world, storage, heads),
      ...checkShownTimes(world, storage, heads),
      ...checkReadOnly(world, storage),
    ])
    .concat(checkFiltered(world, heads))
}

function checkMissing(world: World, storage: Storage, heads: ReadonlyMap<string, Head>): string[] {
  const { name, kind, entries } = storage
  if (kind.mode === 'r') return []
  const wanted = [...heads.values()].filter(
    (head) => (head.kind === 'file' || kind.capabilities.directories) && isNamed(world.setup, name, head.path),
  )
  const missing = wanted.filter(
    (head) =>
      !isSame(head, entries.get(head.path)) &&
      !isKeptOut(world, storage, head.path) &&
      !mayWait(world, storage, head.fid),
  )
  return missing.map(({ path, kind: what, hash }) => `${name} lacks ${path} ${what} ${hash}`)
}

function checkAdded(world: World, storage: Storage, heads: ReadonlyMap<string, Head>): string[] {
  const { name, kind, entries } = storage
  if (kind.mode === 'r') return []
  const added = [...entries].filter(
    ([path, entry]) =>
      !isSame(heads.get(path), entry) &&
      !isKeptOut(world, storage, path) &&
      !isLeftEmpty(storage, path) &&
      !world.store.values.has(keys.order(name, fileId(FOLDER, path))),
  )
  return added.map(([path, entry]) => `${name} has ${path} ${entry.kind}, which the hub has not`)
}

/** Where times are kept they are those that the hub has, as exactly as the service keeps them. */
function checkShownTimes(world: World, { name, kind, entries }: Storage, heads: ReadonlyMap<string, Head>): string[] {
  if (kind.mode !== 'rw' || !kind.capabilities.mtime) return []
  return [...heads.values()].flatMap(({ fid, path, kind: what, hash, mtime }) => {
    const entry = entries.get(path)
    if (what !== 'file' || mtime === null || entry === undefined || contentHash(entry.content) !== hash) return []
    const isShown = entry.mtime === cut(mtime, kind) || world.store.values.has(keys.order(name, fid))
    return isShown ? [] : [`${name} shows ${path} with the time ${entry.mtime}, and the hub has ${mtime}`]
  })
}

/** Made by a driver on the way to a file that was deleted again, or by a user: where nobody tells of it, nobody knows. */
function isLeftEmpty(storage: Storage, path: string): boolean {
  const isDirectory = storage.entries.get(path)?.kind === 'directory'
  const isEmpty = storage.below(path).every((one) => storage.entries.get(one)?.kind === 'directory')
  return storage.kind.mode === 'w' && isDirectory && isEmpty
}

function checkFiltered(world: World, heads: ReadonlyMap<string, Head>): string[] {
  const admitted = [...heads.values()].filter(({ path, size }) => !isLetIn(world.setup, path, size))
  return admitted.map(({ path }) => `the hub has ${path}, which the options of the folder keep out`)
}

/** Nobody but its own users ever changes anything there. */
function checkReadOnly(world: World, storage: Storage): string[] {
  if (storage.kind.mode !== 'r') return []
  const left = world.leftBy.get(storage.name) ?? []
  const held = storage.describe()
  const changed = [...left.filter((line) => !held.includes(line)), ...held.filter((line) => !left.includes(line))]
  return changed.map((line) => `${storage.name} is only read, and was changed: ${line}`)
}

function isSame(head: Head | undefined, entry: Entry | undefined): boolean {
  if (head === undefined || entry === undefined || head.kind !== entry.kind) return false
  return head.kind === 'directory' || head.hash === contentHash(entry.content)
}

/**
 * What the options of the folder kept out of the hub, what users put where nothing is ever read, and the directories around that:
 * it stays where it is, also in the place of something that the hub has.
 */
export function isKeptOut(world: World, storage: Storage, path: string): boolean {
  const { kind, entries, made } = storage
  const isOut = (one: string) => {
    if (kind.mode === 'w' && made.has(originalOf(one))) return true
    // Moved aside without being read: it may be what a driver wrote that was not heard of again.
    if (kind.mode === 'w' && one !== originalOf(one)) return true
    const entry = entries.get(one)
    if (entry === undefined) return false
    return !isLetIn(world.setup, one, entry.kind === 'file' ? entry.content.byteLength : 0)
  }
  return isOut(path) || (entries.get(path)?.kind === 'directory' && storage.below(path).some(isOut))
}

/**
 * What is nobody's to delete: a file cannot take the place of a directory that has some of it, nor anything that of a file that the service
 * cannot rename.
 */
function mayStayUndone(world: World, storage: Storage, path: string): boolean {
  const { kind, entries } = storage
  if (entries.get(path)?.kind === 'directory' && isKeptOut(world, storage, path)) return true
  const files = [...parentsOf(path), path].filter((one) => entries.get(one)?.kind === 'file')
  const { nativeMove, directories } = kind.capabilities
  return (!nativeMove || !directories) && files.some((one) => isKeptOut(world, storage, one))
}

/** There is an order that waits for what cannot be done: at its path, where what is here is to go, or where a file above it or what is below it is to go. */
export function mayWait(world: World, storage: Storage, fid: string, seen: ReadonlySet<string> = new Set()): boolean {
  const { values } = world.store
  const [order, head] = [values.get(keys.order(storage.name, fid)), values.get(keys.head(fid))]
  if (head === undefined || seen.has(fid)) return false
  const { path } = decode(head) as Head
  if (mayStayUndone(world, storage, path)) return true
  if (order === undefined) return false
  const { movedTo } = decode(order) as Order
  const above = parentsOf(path).filter((one) => storage.entries.get(one)?.kind === 'file')
  const below = storage.below(path).filter((one) => values.has(keys.order(storage.name, fileId(FOLDER, one))))
  const nearby = [...above, ...below].map((one) => fileId(FOLDER, one))
  const others = movedTo === undefined ? nearby : [movedTo.fid, ...nearby]
  return others.some((one) => mayWait(world, storage, one, new Set([...seen, fid])))
}
