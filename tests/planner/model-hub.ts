import { type Conflict, type FileRecord, type Head, type Observation, type Order, UNREAD_HASH } from '@onitu/protocol'
import { type CheckedChange, checkedChange, fidsOf } from '../../packages/plug/src/observe/checked-change.ts'
import { planReport } from '../../packages/plug/src/observe/plan-report.ts'
import { decide } from '../../packages/referee/src/decide/decide.ts'
import type { Decision, Situation } from '../../packages/referee/src/decide/draft.ts'
import {
  applyDecision,
  createLoadedView,
  type LoadedFile,
  type LoadedView,
} from '../../packages/referee/src/decide/loaded-view.ts'
import type { Policy } from '../../packages/referee/src/decide/policy.ts'
import { MissingData } from '../../packages/referee/src/decide/view.ts'
import { parseFolderOptions, parseServiceFolderOptions } from '../../packages/referee/src/options/folder-options.ts'
import { parseRules } from '../../packages/referee/src/options/rules.ts'
import { type Ledger, look, type Tree } from './model-service.ts'

/** A service with its tree and its Plug's outbox. */
export interface ModelService {
  readonly name: string
  readonly mode: 'r' | 'w' | 'rw'
  tree: Tree
  /** The tree as it was when it was last looked at. */
  seen: Tree
  outbox: { sequence: number; observation: Observation }[]
}

/** The hub in memory: the real decisions of Referee and Plug, around a database that is a few maps. */
export interface ModelHub {
  readonly policy: Policy
  readonly services: readonly ModelService[]
  readonly database: LoadedView
  readonly ledger: Ledger
  readonly log: string[]
  /** By fid of the copy. */
  readonly conflicts: Map<string, Conflict>
  lastVersion: number
  sequence: number
}

/** The options of a service for the one folder that there is, as written in a setup. */
interface ServiceSetup {
  readonly mode?: 'r' | 'w'
  readonly file_size?: { readonly min?: number; readonly max?: number }
  readonly blacklist?: readonly string[]
}

/** What the setup says of the one folder that there is. */
export interface ModelSetup {
  readonly services: Readonly<Record<string, ServiceSetup>>
  /** As written in a setup. */
  readonly folder: unknown
  readonly rules: unknown
}

export function createModelHub({ services: written, folder, rules }: ModelSetup): ModelHub {
  const services = Object.entries(written).map(
    ([name, options]): ModelService => ({
      name,
      mode: options.mode ?? 'rw',
      tree: new Map(),
      seen: new Map(),
      outbox: [],
    }),
  )
  const policy: Policy = {
    folders: new Map([['docs', parseFolderOptions(folder)]]),
    services: new Map(
      Object.entries(written).map(([name, options]) => [name, new Map([['docs', parseServiceFolderOptions(options)]])]),
    ),
    rules: parseRules(rules),
  }
  const ledger = { written: new Set<number>(), replaced: new Set<number>(), serial: 0, inode: 0, clock: 1000 }
  return {
    policy,
    services,
    database: createLoadedView(),
    ledger,
    log: [],
    conflicts: new Map(),
    lastVersion: 0,
    sequence: 0,
  }
}

/** The service looks at its tree and reports what it finds. */
export function report(hub: ModelHub, service: ModelService): void {
  const changes = look(service.seen, service.tree)
    .map(checkedChange)
    .map((checked) => asRead(hub, service, checked))
  const known = new Map(changes.flatMap(fidsOf).map((fid) => [fid, fileOf(hub, fid).records.get(service.name)]))
  const plan = planReport(changes, known, hub.sequence + 1)
  hub.sequence = plan.nextSequence
  service.outbox.push(...plan.observations)
  for (const { observation } of plan.observations)
    hub.log.push(`${service.name} saw ${describeObservation(observation)}`)
  for (const [fid, record] of plan.records) setRecord(hub, service, fid, record)
  service.seen = new Map(service.tree)
}

/** What is in a service that is only written is not read; a state that is known says nothing new. */
function asRead(hub: ModelHub, service: ModelService, checked: CheckedChange): CheckedChange {
  const { change, fid } = checked
  if (service.mode !== 'w' || change.type === 'deleted') return checked
  const known = fileOf(hub, fid).records.get(service.name)
  const { hash: _, ...seen } = change
  const unread = known?.token === change.token ? seen : { ...seen, hash: UNREAD_HASH }
  return { ...checked, isUnheard: true, change: unread }
}

/** The Referee decides the oldest observation of a service. */
export function decideOne(hub: ModelHub, service: ModelService): void {
  const next = service.outbox[0]
  if (next === undefined) return
  decideWith(hub, (situation) => decide(situation, service.name, next.observation))
  service.outbox.shift()
}

/** Takes a decision in, with everything absent that it asks for and that is not there. */
export function decideWith(hub: ModelHub, step: (situation: Situation) => Decision): void {
  for (;;) {
    try {
      const { policy, database: view, lastVersion } = hub
      const decision = step({ policy, view, lastVersion, now: 1, holding: new Map() })
      applyDecision(view, decision)
      hub.lastVersion = decision.lastVersion
      for (const [fid, conflict] of decision.conflicts) {
        if (conflict === null) hub.conflicts.delete(fid)
        else hub.conflicts.set(fid, conflict)
      }
      for (const head of decision.heads.values())
        hub.log.push(
          `  head v${head.version} ${head.deleted ? 'no ' : ''}${head.path} ${head.kind} of ${head.origin} ${head.hash.slice(0, 4)}`,
        )
      for (const [to, orders] of decision.orders)
        for (const [fid, order] of orders)
          hub.log.push(`  order ${to} ${fileOf(hub, fid).head?.path} ${JSON.stringify(order)}`)
      return
    } catch (error) {
      if (!(error instanceof MissingData)) throw error
      provide(hub, error)
    }
  }
}

function provide({ database }: ModelHub, { needed }: MissingData): void {
  if (needed.type === 'file') database.files.set(needed.fid, { head: undefined, records: new Map(), orders: new Map() })
  else if (needed.type === 'copy') database.copies.set(`service:${needed.service}:copy:${needed.fid}`, undefined)
  else if (needed.type === 'history') {
    const heads = [...database.versions.values()].flatMap((head) => (head?.fid === needed.fid ? [head] : []))
    database.histories.set(needed.fid, heads)
  } else if (needed.type === 'version')
    database.versions.set(`version:${needed.fid}:${String(needed.version).padStart(16, '0')}`, undefined)
  else database.listings.set(`path:${needed.folder}:${needed.path}`, [])
}

export function ordersOf(
  hub: ModelHub,
  service: ModelService,
): { fid: string; order: Order; head: Head | undefined }[] {
  return [...hub.database.files].flatMap(([fid, { orders, head }]) => {
    const order = orders.get(service.name)
    return order === undefined ? [] : [{ fid, order, head }]
  })
}

export function liveHeads(hub: ModelHub): Map<string, Head> {
  const heads = [...hub.database.files.values()].flatMap(({ head }) =>
    head === undefined || head.deleted ? [] : [head],
  )
  return new Map(heads.map((head) => [head.path, head]))
}

function describeObservation(observation: Observation): string {
  const from = observation.type === 'moved' ? `${observation.from.path} -> ` : ''
  const what = observation.type === 'deleted' ? '' : ` ${observation.kind} ${observation.hash.slice(0, 4)}`
  return `${observation.type} ${from}${observation.path}${what} base ${observation.base}`
}

export function setRecord(hub: ModelHub, service: ModelService, fid: string, record: FileRecord): void {
  const file = fileOf(hub, fid)
  hub.database.files.set(fid, { ...file, records: new Map(file.records).set(service.name, record) })
}

export function fileOf({ database }: ModelHub, fid: string): LoadedFile {
  return database.files.get(fid) ?? { head: undefined, records: new Map(), orders: new Map() }
}
