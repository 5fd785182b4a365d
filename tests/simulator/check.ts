import { decode, fileId, type Head, keys } from '@onitu/protocol'
import { checkTrees, isKeptOut, mayWait } from './check-trees.ts'
import { liveHeads, unknownOf } from './known.ts'
import { isNamed } from './setup.ts'
import { FOLDER, originalOf } from './storage.ts'
import type { World } from './world.ts'

/** Of an upload's state, which begins with it. */
const FID_LENGTH = 36

/** Why the hub is not at rest yet; undefined when it is. */
export function unrest(world: World): string | undefined {
  if (!world.allRun) return 'a process is away'
  if (world.scheduler.pending > 0) return 'something is pending'
  const busy = [...world.processes.values()].find(({ watcher }) => watcher?.isIdle !== true)
  if (busy !== undefined) return `${busy.name} has something to look at`
  if (world.keysOf(keys.requestPrefix).length > 0) return 'the Referee has not answered a request'
  for (const storage of world.storages.values()) {
    const { name } = storage
    if (world.keysOf(keys.outboxPrefix(name)).length > 0) return `${name} has something in its outbox`
    const orders = world.keysOf(keys.orderPrefix(name)).filter((key) => !mayWait(world, storage, fidOf(key)))
    if (orders.length > 0) return `${name} has orders: ${orders.map((key) => pathOf(world, key)).join(', ')}`
    // Of an order that is gone: it goes when the order would have been tried again.
    const left = [keys.failurePrefix(name), keys.transferPrefix(name)].flatMap((prefix) => world.keysOf(prefix))
    const kept = left.filter((key) => !mayWait(world, storage, fidOf(key)))
    if (kept.length > 0) return `${name} keeps ${kept.join(', ')}`
    const [unknown] = unknownOf(world, storage)
    if (unknown !== undefined) return `the Plug of ${name} does not know ${unknown}`
  }
  return undefined
}

/** Everything that must be so when the hub is quiet; gives what is not. */
export function findViolations(world: World): string[] {
  return [
    ...world.failureText,
    ...checkTrees(world),
    ...checkContents(world),
    ...checkDoubles(world),
    ...checkTimes(world),
    ...checkLeftovers(world),
    ...checkReturned(world),
    ...checkSingleWriter(world),
  ]
}

function fidOf(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1)
}

function headOf(world: World, key: string): Head | undefined {
  const head = world.store.values.get(keys.head(fidOf(key)))
  return head === undefined ? undefined : (decode(head) as Head)
}

function pathOf(world: World, key: string): string {
  const order = world.store.values.get(key)
  return `${headOf(world, key)?.path ?? key} ${order === undefined ? '' : JSON.stringify(decode(order))}`
}

/** I3 and I4: nothing that a user wrote is lost, and there is nothing else. */
function checkContents(world: World): string[] {
  const present = new Set<number>()
  const problems: string[] = []
  for (const storage of world.storages.values()) {
    for (const [path, { kind, content }] of storage.entries) {
      if (kind === 'directory') continue
      const number = world.ledger.numberOf(content)
      if (number === undefined) problems.push(`${path} of ${storage.name} is no content that a user wrote`)
      else present.add(number)
    }
  }
  const { written, replaced } = world.ledger
  const lost = [...written].filter((number) => !present.has(number) && !replaced.has(number))
  if (lost.length > 0) problems.push(`lost: contents ${lost.join(', ')}`)
  return problems
}

/** I8: what nobody moved is in one place: no copy was made of what was no conflict. */
function checkDoubles(world: World): string[] {
  return [...world.storages.values()].flatMap(({ name, entries, kind: { mode } }) => {
    // What is never read cannot be known for what was written there without an answer.
    const isAside = (path: string) => mode === 'w' && path !== originalOf(path)
    const files = [...entries].filter(([path, { kind }]) => kind === 'file' && !isUnsure(world, path) && !isAside(path))
    const numbers = files.map(([, { content }]) => world.ledger.numberOf(content) ?? 0)
    const doubles = numbers.filter((number, at) => numbers.indexOf(number) !== at && !world.ledger.moved.has(number))
    return doubles.length === 0 ? [] : [`${name} has the contents ${doubles.join(', ')} twice`]
  })
}

/** I8: no service's own time of writing is taken for a change. */
function checkTimes({ store, ledger, storages }: World): string[] {
  // A mode that was set without an answer looks like one that a user set, who may have given the file its time as well.
  const setsModesOnly = (service: string) => {
    const { mode = false, mtime = false } = storages.get(service)?.kind.capabilities ?? {}
    return mode && !mtime
  }
  return liveHeads(store.values)
    .filter(({ kind, mtime }) => kind === 'file' && mtime !== null && !ledger.times.has(mtime))
    .filter(({ origin }) => !setsModesOnly(origin))
    .map(({ path, origin }) => `${path} has a time that no user gave it, from ${origin}`)
}

function checkLeftovers(world: World): string[] {
  return [...world.storages.values()].flatMap((storage) => {
    const { name, uploads, unheard } = storage
    const all = world.keysOf(keys.transferPrefix(name))
    const isNoted = (state: string) => all.includes(keys.transfer(name, state.slice(0, FID_LENGTH)))
    const parts = [...uploads.keys()].filter((state) => !unheard.has(state) && !isNoted(state))
    return [...(parts.length > 0 ? [`${name} keeps parts of ${parts.join(', ')}`] : [])]
  })
}

/** I7: what was deleted after all was quiet, and nobody else touched, is gone; directories too. */
function checkReturned(world: World): string[] {
  const { deeds } = world.ledger
  const problems: string[] = []
  for (const deed of deeds) {
    const mode = world.storages.get(deed.service)?.kind.mode
    // A directory of a service that is only read may have held what others put there and it never got.
    if (deed.what !== 'erase' || mode === 'w' || (mode === 'r' && deed.content === undefined)) continue
    const isTouched = deeds.some((other) => other !== deed && touches(other, deed.path, deed.content))
    if (isTouched || isUnsure(world, deed.path) || world.hidesBelow(deed.service, deed.path)) continue
    for (const storage of world.storages.values()) {
      const entry = storage.entries.get(deed.path)
      // Where nothing is ever written, or what was kept out was in the way, something else was deleted than what the others have.
      const held = entry?.kind === 'file' ? world.ledger.numberOf(entry.content) : undefined
      const isOther = held !== deed.content
      const isWanted = isOther || isKeptOut(world, storage, deed.path)
      if (storage.kind.mode === 'rw' && entry !== undefined && !isWanted) {
        problems.push(`${deed.path}, which ${deed.service} deleted, is back on ${storage.name}`)
      }
    }
  }
  return problems
}

function touches(deed: { what: string; path: string; to?: string; content?: number }, path: string, content?: number) {
  if (content !== undefined && deed.content === content) return true
  if (deed.what === 'erase') return false
  return [deed.path, deed.to ?? deed.path].some((one) => one === path || one.startsWith(`${path}/`))
}

/** I8: where one service alone was worked in, everything is as its users left it: no conflicts, nothing undone. */
function checkSingleWriter(world: World): string[] {
  const services = new Set(world.ledger.deeds.map(({ service }) => service))
  const [only] = services
  const storage = only === undefined ? undefined : world.storages.get(only)
  const left = world.leftBy.get(only ?? '')
  if (services.size !== 1 || storage === undefined || left === undefined || storage.kind.mode !== 'rw') return []
  // What cannot be together elsewhere is in conflict.
  if (storage.hasBeside) return []
  // Whoever has not everything may come into conflict with what he has not.
  if (world.hadOrders.has(storage.name)) return []
  if (liveHeads(world.store.values).some(({ path }) => !isNamed(world.setup, storage.name, path))) return []
  const held = storage.describe()
  // A file in the place of a directory of which the files may not go yet is a conflict.
  if (world.isGuarded && world.hasHadCopies) return []
  const problems = [
    ...left.filter(
      (line) => !held.includes(line) && !isUnsure(world, line) && !isDeletedByOthers(world, line, storage.name),
    ),
    ...held.filter((line) => !left.includes(line) && !isUnsure(world, line)),
  ]
  return problems.length === 0 ? [] : [`${only} alone was changed, and is not as it was left: ${problems.join(', ')}`]
}

/** A directory that others deleted before, and that something which was kept out had kept until its user deleted that. */
function isDeletedByOthers({ store }: World, line: string, service: string): boolean {
  const path = line.match(/^(.*) directory [0-9a-f]{64}$/)?.[1]
  const head = path === undefined ? undefined : store.values.get(keys.head(fileId(FOLDER, path)))
  const { deleted, origin } = head === undefined ? { deleted: false, origin: service } : (decode(head) as Head)
  return deleted && origin !== service
}

/** Directories that a driver made and nobody heard of, and what somebody wanted to have back. */
function isUnsure(world: World, line: string): boolean {
  return world.isUnsure(line.replace(/ (file|directory) [0-9a-f]{64}$/, ''))
}
