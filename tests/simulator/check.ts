import { decode, type Head, keys } from '@onitu/protocol'
import { unknownOf } from './known.ts'
import type { World } from './world.ts'

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
    const orders = world.keysOf(keys.orderPrefix(name))
    if (orders.length > 0) return `${name} has orders: ${orders.map((key) => pathOf(world, key)).join(', ')}`
    const [unknown] = storage.kind.mode === 'w' ? [] : unknownOf(world, storage)
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
    ...checkLeftovers(world),
    ...checkReturned(world),
    ...checkSingleWriter(world),
  ]
}

function headsOf(world: World): Map<string, Head> {
  const heads = world
    .keysOf(keys.headPrefix)
    .map((key) => decode(world.store.values.get(key) ?? Buffer.alloc(0)) as Head)
  return new Map(heads.filter(({ deleted }) => !deleted).map((head) => [head.path, head]))
}

function pathOf(world: World, key: string): string {
  const head = world.store.values.get(keys.head(key.slice(key.lastIndexOf(':') + 1)))
  const order = world.store.values.get(key)
  return `${head === undefined ? key : (decode(head) as Head).path} ${order === undefined ? '' : JSON.stringify(decode(order))}`
}

/** I2: every service has what the hub has. */
function checkTrees(world: World): string[] {
  const heads = [...headsOf(world).values()]
  const problems: string[] = []
  for (const storage of world.storages.values()) {
    if (storage.kind.mode !== 'rw') continue
    const wanted = heads
      .filter(({ kind }) => kind === 'file' || storage.kind.capabilities.directories)
      .map(({ path, kind, hash }) => `${path} ${kind} ${hash}`)
      .sort()
    const held = storage.describe()
    const missing = wanted.filter((line) => !held.includes(line))
    const added = held.filter((line) => !wanted.includes(line))
    if (missing.length > 0) problems.push(`${storage.name} lacks ${missing.join(', ')}`)
    if (added.length > 0) problems.push(`${storage.name} has ${added.join(', ')}, which the hub has not`)
  }
  return problems
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
  return [...world.storages.values()].flatMap(({ name, entries }) => {
    const files = [...entries].filter(([path, { kind }]) => kind === 'file' && !isUnsure(world, path))
    const numbers = files.map(([, { content }]) => world.ledger.numberOf(content) ?? 0)
    const doubles = numbers.filter((number, at) => numbers.indexOf(number) !== at && !world.ledger.moved.has(number))
    return doubles.length === 0 ? [] : [`${name} has the contents ${doubles.join(', ')} twice`]
  })
}

function checkLeftovers(world: World): string[] {
  return [...world.storages.values()].flatMap(({ name, uploads, unheard }) => {
    const parts = [...uploads.keys()].filter((state) => !unheard.has(state))
    const journals = world.keysOf(keys.transferPrefix(name))
    const failures = world.keysOf(keys.failurePrefix(name))
    return [
      ...(journals.length > 0 ? [`${name} keeps the journals ${journals.join(', ')}`] : []),
      ...(failures.length > 0 ? [`${name} keeps the failures ${failures.join(', ')}`] : []),
      ...(parts.length > 0 ? [`${name} keeps parts of ${parts.join(', ')}`] : []),
    ]
  })
}

/** I7: what was deleted after all was quiet, and nobody else touched, is gone; directories too. */
function checkReturned(world: World): string[] {
  const { deeds } = world.ledger
  const problems: string[] = []
  for (const deed of deeds) {
    if (deed.what !== 'erase' || world.storages.get(deed.service)?.kind.mode !== 'rw') continue
    const isTouched = deeds.some((other) => other !== deed && touches(other, deed.path, deed.content))
    if (isTouched || isUnsure(world, deed.path)) continue
    for (const storage of world.storages.values()) {
      if (storage.kind.mode === 'rw' && storage.entries.has(deed.path)) {
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
  if (services.size !== 1 || storage === undefined || left === undefined || storage.kind.mode === 'w') return []
  const held = storage.describe()
  // A file in the place of a directory of which the files may not go yet is a conflict.
  if (world.isGuarded && held.some((line) => line.includes(' (conflict of '))) return []
  const problems = [
    ...left.filter((line) => !held.includes(line) && !isUnsure(world, line)),
    ...held.filter((line) => !left.includes(line) && !isUnsure(world, line)),
  ]
  return problems.length === 0 ? [] : [`${only} alone was changed, and is not as it was left: ${problems.join(', ')}`]
}

/**
 * What a driver wrote while the Plug never heard of it (it was killed, or told of a failure) looks like the work of a user: it
 * may come back once, never be lost.
 */
function isUnsure(world: World, line: string): boolean {
  return world.isUnsure(line.replace(/ (file|directory) [0-9a-f]{64}$/, ''))
}
