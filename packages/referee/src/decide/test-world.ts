import {
  type FileRecord,
  fileId,
  type Head,
  type HeldDeletion,
  keys,
  type Observation,
  type Order,
} from '@onitu/protocol'
import { parseFolderOptions, parseServiceFolderOptions } from '../options/folder-options.ts'
import { parseRules } from '../options/rules.ts'
import { decide } from './decide.ts'
import type { Decision, Situation } from './draft.ts'
import { decideGuarded } from './hold-deletion.ts'
import { applyDecision, createLoadedView, type LoadedView } from './loaded-view.ts'
import type { Policy } from './policy.ts'
import { rejectDeletion } from './reject-deletion.ts'
import { resolveConflict } from './resolve-conflict.ts'
import { MissingData } from './view.ts'

/** A small world for the tables of cases: folder `docs`, contents named by letters, everything else by path. */
export interface World {
  readonly policy: Policy
  readonly view: LoadedView
  lastVersion: number
  /** Services of which deletions are held. */
  holding: readonly string[]
  /** By key. */
  readonly held: Map<string, HeldDeletion>
}

export interface WorldOptions {
  readonly services?: Readonly<Record<string, unknown>>
  readonly folder?: unknown
  readonly rules?: unknown
  readonly serviceRules?: Readonly<Record<string, unknown>>
}

export const idOf = (path: string) => fileId('docs', path)
export const hashOf = (letter: string) => letter.charCodeAt(0).toString(16).padStart(64, '0')
const DIRECTORY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export interface Given {
  /** A letter, or `/` for a directory. */
  readonly content: string
  readonly mtime?: number
  readonly mode?: number
  readonly size?: number
}

export function createWorld({
  services = { left: {}, right: {}, third: {} },
  folder = {},
  rules,
  serviceRules = {},
}: WorldOptions = {}): World {
  const policy: Policy = {
    folders: new Map([['docs', parseFolderOptions(folder)]]),
    services: new Map(
      Object.entries(services).map(([name, options]) => [
        name,
        new Map([['docs', parseServiceFolderOptions(options)]]),
      ]),
    ),
    rules: parseRules(rules),
    serviceRules: new Map(Object.entries(serviceRules).map(([name, written]) => [name, parseRules(written) ?? []])),
  }
  return { policy, view: createLoadedView(), lastVersion: 0, holding: [], held: new Map() }
}

function contentOf(path: string, { content, mtime = 1000, mode = 0o644, size = 1 }: Given) {
  const kind = content === '/' ? ('directory' as const) : ('file' as const)
  return { folder: 'docs', path, kind, size, hash: kind === 'directory' ? DIRECTORY : hashOf(content), mtime, mode }
}

function observe(world: World, service: string, observation: Observation): Decision {
  return takeIn(world, (situation) => decideGuarded(situation, service, observation))
}

/** Somebody ends the conflict between a file and its copies; `keep`: a path, or null for all. `versions`: those seen before. */
export function resolve(
  world: World,
  path: string,
  copies: readonly string[],
  keep: string | null,
  versions: Readonly<Record<string, number>> = {},
): Decision {
  const seen = (name: string) => ({ fid: idOf(name), version: versions[name] ?? headOf(world, name)?.version ?? 0 })
  const kept = keep === null ? null : { fid: idOf(keep), service: 'chosen' }
  const request = { type: 'resolve', original: seen(path), copies: copies.map(seen), keep: kept } as const
  return takeIn(world, (situation) => resolveConflict(situation, request))
}

/** Decides with everything absent that was not given, and takes the decision in. */
function takeIn(world: World, step: (situation: Situation) => Decision): Decision {
  for (;;) {
    try {
      const { policy, view, lastVersion } = world
      const holding = new Map(world.holding.map((service) => [service, new Set(['docs'])]))
      const decision = step({ policy, view, lastVersion, now: 5000, holding })
      applyDecision(view, decision)
      world.lastVersion = decision.lastVersion
      for (const [key, held] of decision.held) {
        if (held === null) world.held.delete(key)
        else world.held.set(key, held)
      }
      return decision
    } catch (error) {
      if (!(error instanceof MissingData)) throw error
      const { needed } = error
      if (needed.type === 'file')
        world.view.files.set(needed.fid, { head: undefined, records: new Map(), orders: new Map() })
      else if (needed.type === 'copy') world.view.copies.set(`service:${needed.service}:copy:${needed.fid}`, undefined)
      else if (needed.type === 'history') {
        const heads = [...world.view.versions.values()].flatMap((head) => (head?.fid === needed.fid ? [head] : []))
        world.view.histories.set(needed.fid, heads)
      } else if (needed.type === 'version')
        world.view.versions.set(`version:${needed.fid}:${String(needed.version).padStart(16, '0')}`, undefined)
      else world.view.listings.set(`path:${needed.folder}:${needed.path}`, [])
    }
  }
}

/** A service reports a content; its record then shows it, as its Plug would have written. */
export function update(
  world: World,
  service: string,
  path: string,
  given: Given,
  base = baseOf(world, service, path),
): Decision {
  return find(world, service, path, given, base)
}

/** What its Plug finds at a path, and what it says of that besides. */
function find(
  world: World,
  service: string,
  path: string,
  given: Given,
  base: number,
  how: Pick<
    Extract<Observation, { type: 'updated' }>,
    'ordered' | 'renamed' | 'flat' | 'emptyAt' | 'unnotedUntil'
  > = {},
): Decision {
  const content = contentOf(path, given)
  setRecord(world, service, path, { ...content, version: base, reported: 1, token: 't' })
  return observe(world, service, { type: 'updated', fid: idOf(path), base, ...content, ...how })
}

/** A service without directories reports a file, the content `A`, at a path below which it may have others. `emptyAt`: see FileRecord; `unnotedUntil`: see Observation. */
export function putBeside(
  world: World,
  service: string,
  path: string,
  base = baseOf(world, service, path),
  known: { readonly emptyAt?: number; readonly unnotedUntil?: number } = {},
): Decision {
  return find(world, service, path, { content: 'A' }, base, { flat: true, ...known })
}

/** A service reports a file again at a place that an order has emptied, which its Plug knows. */
export function putBack(world: World, service: string, path: string, given: Given): Decision {
  const base = baseOf(world, service, path)
  return find(world, service, path, given, base, { emptyAt: base })
}

/** A service shows another time for a file than the hub has. */
export function setTime(world: World, service: string, path: string, mtime: number): void {
  const record = recordOf(world, service, path)
  if (record !== undefined) setRecord(world, service, path, { ...record, mtime })
}

/** The Plug of a service knows that it has not got a file any more, and the Referee has not heard that yet. */
export function miss(world: World, service: string, path: string): void {
  const record = recordOf(world, service, path)
  if (record !== undefined) setRecord(world, service, path, { ...record, token: null, reported: 1 })
}

/** A driver put there what it was told to for a version, and its Plug, which knew that it might have, finds it. */
export function findOrdered(
  world: World,
  service: string,
  path: string,
  given: Given,
  version: number,
  how: { readonly renamed?: true } = {},
): Decision {
  return find(world, service, path, given, version, { ordered: true, ...how })
}

/** The same, of which the Referee has not heard yet: `find` tells it. */
export function findLater(world: World, service: string, path: string, given: Given, version: number) {
  const content = contentOf(path, given)
  setRecord(world, service, path, { ...content, version, reported: 1, token: 't' })
  return { find: () => findOrdered(world, service, path, given, version, { renamed: true }) }
}

/** The driver of a service did not say what became of the rename that it was told to make, and its Plug has noted that. */
export function noteRename(world: World, service: string, path: string): void {
  const head = headOf(world, path)
  if (head === undefined) throw new Error(`${path} is not known`)
  const { version, hash, size, folder, kind, mtime, mode } = head
  const writing = [{ version, hash, size, renamed: true as const }]
  setRecord(world, service, path, {
    folder,
    path,
    kind,
    size,
    hash,
    mtime,
    mode,
    version: 0,
    token: null,
    reported: 0,
    writing,
  })
}

export function remove(world: World, service: string, path: string, base = baseOf(world, service, path)): Decision {
  const record = recordOf(world, service, path)
  miss(world, service, path)
  return observe(world, service, {
    type: 'deleted',
    fid: idOf(path),
    folder: 'docs',
    path,
    base,
    kind: record?.kind ?? 'file',
  })
}

export function move(world: World, service: string, src: string, dest: string, given?: Given): Decision {
  const from = { fid: idOf(src), folder: 'docs', path: src, base: baseOf(world, service, src) }
  const held = recordOf(world, service, src)
  const base = baseOf(world, service, dest)
  const content =
    given === undefined && held !== undefined
      ? {
          folder: 'docs',
          path: dest,
          kind: held.kind,
          size: held.size,
          hash: held.hash,
          mtime: held.mtime,
          mode: held.mode,
        }
      : contentOf(dest, given ?? { content: 'A' })
  if (held !== undefined) setRecord(world, service, src, { ...held, token: null, reported: 1 })
  setRecord(world, service, dest, { ...content, version: base, reported: 1, token: 't' })
  return observe(world, service, { type: 'moved', fid: idOf(dest), base, ...content, from })
}

/** Somebody approves what is held of a service. */
export function approve(world: World, service: string, ...paths: string[]): void {
  for (const deletion of takeHeld(world, service, paths)) {
    takeIn(world, (situation) => decide(situation, service, deletion))
  }
}

export function reject(world: World, service: string, ...paths: string[]): void {
  for (const deletion of takeHeld(world, service, paths)) {
    takeIn(world, (situation) => rejectDeletion(situation, service, deletion))
  }
}

function takeHeld(world: World, service: string, paths: readonly string[]): HeldDeletion[] {
  return paths.map((path) => {
    const [entry] = [...world.held].filter(
      ([key, held]) => key.startsWith(keys.heldPrefix(service)) && held.path === path,
    )
    if (entry === undefined) throw new Error(`No deletion of ${path} is held`)
    world.held.delete(entry[0])
    return entry[1]
  })
}

/** The service carries out what it was told for a path, as its Plug would: it then holds the head. */
export function carryOut(world: World, service: string, ...paths: string[]): void {
  for (const path of paths) {
    const file = world.view.files.get(idOf(path))
    if (file?.head === undefined || !file.orders.has(service)) throw new Error(`${service} has no order for ${path}`)
    const { folder, kind, size, hash, mtime, mode, version, deleted } = file.head
    const orders = new Map(file.orders)
    orders.delete(service)
    const records = new Map(file.records)
    if (deleted) records.delete(service)
    else records.set(service, { folder, path, kind, size, hash, mtime, mode, version, token: 't', reported: 0 })
    world.view.files.set(idOf(path), { ...file, orders, records })
  }
}

/** The service takes note of the head of a path and stays as it is. */
export function acknowledge(world: World, service: string, path: string): void {
  const file = world.view.files.get(idOf(path))
  const record = recordOf(world, service, path)
  if (file?.head === undefined || record === undefined) throw new Error(`${service} has nothing at ${path}`)
  const orders = new Map(file.orders)
  orders.delete(service)
  world.view.files.set(idOf(path), { ...file, orders })
  setRecord(world, service, path, { ...record, version: file.head.version })
}

/** Everybody has a file with a content, agreed on. */
export function shared(world: World, path: string, given: Given): Head {
  const [first = 'left', ...others] = world.policy.services.keys()
  update(world, first, path, given)
  for (const service of [first, ...others]) if (orderOf(world, service, path)) carryOut(world, service, path)
  const { head } = world.view.files.get(idOf(path)) ?? {}
  if (head === undefined) throw new Error(`${path} was not accepted`)
  return head
}

export function headOf(world: World, path: string): Head | undefined {
  return world.view.files.get(idOf(path))?.head
}

export function orderOf(world: World, service: string, path: string): Order | undefined {
  return world.view.files.get(idOf(path))?.orders.get(service)
}

function recordOf(world: World, service: string, path: string): FileRecord | undefined {
  return world.view.files.get(idOf(path))?.records.get(service)
}

function baseOf(world: World, service: string, path: string): number {
  return recordOf(world, service, path)?.version ?? 0
}

function setRecord(world: World, service: string, path: string, record: FileRecord): void {
  const file = world.view.files.get(idOf(path)) ?? { head: undefined, records: new Map(), orders: new Map() }
  world.view.files.set(idOf(path), { ...file, records: new Map(file.records).set(service, record) })
}

/** Paths that live, with the letter of their content. */
export function living(world: World): Record<string, string> {
  const heads = [...world.view.files.values()].flatMap(({ head }) => (head === undefined || head.deleted ? [] : [head]))
  return Object.fromEntries(
    heads
      .map((head) => [head.path, head.kind === 'directory' ? '/' : String.fromCharCode(Number.parseInt(head.hash, 16))])
      .sort(),
  )
}
