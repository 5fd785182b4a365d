import { keys } from '@onitu/protocol'
import { decideGuarded } from './decide/hold-deletion.ts'
import type { Policy } from './decide/policy.ts'
import { type Committed, decideMany } from './decide-many.ts'
import type { DeletionGuard } from './guard/deletion-guard.ts'
import { preload } from './load.ts'
import { type OutboxPage, readOutbox } from './read-outbox.ts'
import type { RefereeWorld } from './referee.ts'

/** What deciding needs besides the outbox. */
export interface Decider {
  readonly world: RefereeWorld
  readonly policy: Policy
  readonly guard: DeletionGuard
  readonly announce: (committed: Committed) => void
}

/** Large enough that a first copy of many files costs few batches, small enough that other services are not kept waiting. */
const OBSERVATIONS_PER_BATCH = 1000

/**
 * Decides everything in the outbox of a service, or gives the ms after which to come back, as it is not known yet how much
 * is being deleted.
 */
export async function decideOutbox(decider: Decider, service: string): Promise<number | undefined> {
  const { world, guard } = decider
  const holdingMore = new Set<string>()
  let delay: number | undefined
  for (let isMore = true; isMore; ) {
    const page = await readOutbox(world.db, service, OBSERVATIONS_PER_BATCH)
    if (page.keys.length === 0) break
    const assessment = await guard.assess(service, page, world.now())
    if (assessment.do === 'wait') {
      delay = assessment.delay
      break
    }
    const { held } = await decidePage(decider, service, page)
    for (const deletion of held.values()) if (deletion !== null) holdingMore.add(deletion.folder)
    isMore = page.keys.length === OBSERVATIONS_PER_BATCH
  }
  for (const folder of holdingMore) await sayHeld(world, service, folder)
  return delay
}

async function decidePage(
  { world, policy, guard, announce }: Decider,
  service: string,
  page: OutboxPage,
): Promise<Committed> {
  const { db } = world
  for (const event of page.events) world.emit(event)
  const committed = await decideMany({
    db,
    policy,
    now: world.now(),
    preload: (view) => preload(db, [...policy.services.keys()], view, page.observations),
    steps: page.observations.map((observation) => (situation) => decideGuarded(situation, service, observation)),
    holding: guard.holding,
    decided: page.keys,
  })
  announce(committed)
  await guard.decided(service, page, committed, world.now())
  return committed
}

async function sayHeld({ db, emit }: RefereeWorld, service: string, folder: string): Promise<void> {
  const files = await db.keys({ prefix: keys.heldKindPrefix(service, folder, 'file') }).all()
  emit({ type: 'deletions_held', service, folder, files: files.length })
}
