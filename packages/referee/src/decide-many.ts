import type { Condition, Database, Operation } from '@onitu/escalator'
import { type HeldDeletion, isOnituError, keys, type NewEvent } from '@onitu/protocol'
import type { Decision, Holding, Situation } from './decide/draft.ts'
import { applyDecision, createLoadedView, type LoadedFile, type LoadedView } from './decide/loaded-view.ts'
import type { Policy } from './decide/policy.ts'
import { MissingData } from './decide/view.ts'
import { balanceOf } from './guard/balance.ts'
import { loadNeeded } from './load.ts'
import { conditionsOf, operationsOf, ordersOf } from './write-decisions.ts'

export type Step = (situation: Situation) => Decision

export interface Work {
  readonly db: Database
  readonly policy: Policy
  /** ms since 1970. */
  readonly now: number
  /** Loads in one go what the steps will read. */
  readonly preload: (view: LoadedView) => Promise<void>
  /** Each makes a pure decision; a later one sees what the earlier ones decided. */
  readonly steps: readonly Step[]
  readonly holding: Holding
  /** Keys removed in the same batch: the observations that the steps are about. */
  readonly decided: readonly string[]
  /** Written in the same batch, where these hold besides those of the decisions. */
  readonly operations?: readonly Operation[]
  readonly conditions?: readonly Condition[]
}

export interface Committed {
  readonly events: readonly NewEvent[]
  /** The orders given, to wake those concerned. */
  readonly orders: readonly (readonly [service: string, fid: string])[]
  /** How many live files each folder has more than before. */
  readonly balance: ReadonlyMap<string, number>
  /** What was held, and what is held no longer (null), by key. */
  readonly held: ReadonlyMap<string, HeldDeletion | null>
}

/** Decides many things and commits them in one batch. If what was read has changed meanwhile, it starts anew. */
export async function decideMany(work: Work): Promise<Committed> {
  for (;;) {
    try {
      return await decideOnce(work)
    } catch (error) {
      if (!isOnituError(error) || error.code !== 'CONDITION_FAILED') throw error
    }
  }
}

/** @throws OnituError `CONDITION_FAILED` when what was read has changed meanwhile; then nothing is written */
export async function decideOnce(work: Work): Promise<Committed> {
  const { db, policy, now, preload, steps, holding, decided } = work
  const view = createLoadedView()
  const [first] = await Promise.all([db.get<number, number>(keys.lastVersion, { default: 0 }), preload(view)])
  const asRead = new Map<string, LoadedFile>(view.files)
  let lastVersion = first
  const decisions: Decision[] = []
  for (const step of steps) {
    const decision = await decideWithData(db, policy, view, asRead, () =>
      step({ view, policy, lastVersion, now, holding }),
    )
    applyDecision(view, decision)
    decisions.push(decision)
    lastVersion = decision.lastVersion
  }
  const operations = [...operationsOf(decisions, decided, lastVersion), ...(work.operations ?? [])]
  const conditions = [...conditionsOf(asRead, decisions, first), ...(work.conditions ?? [])]
  if (operations.length > 0) await db.batch(operations, { conditions })
  const orders = decisions.flatMap((decision) => [...ordersOf(decision)])
  return {
    events: decisions.flatMap((decision) => decision.events),
    orders: orders.flatMap(([service, fid, order]) => (order === null ? [] : [[service, fid] as const])),
    balance: balanceOf(asRead, view.files),
    held: new Map(decisions.flatMap((decision) => [...decision.held])),
  }
}

/** Decides again whenever data was missing, until it has all. */
async function decideWithData(
  db: Database,
  policy: Policy,
  view: LoadedView,
  asRead: Map<string, LoadedFile>,
  attempt: () => Decision,
): Promise<Decision> {
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof MissingData)) throw error
      const known = new Set(view.files.keys())
      await loadNeeded(db, [...policy.services.keys()], view, error.needed)
      for (const [fid, file] of view.files) if (!known.has(fid)) asRead.set(fid, file)
    }
  }
}
