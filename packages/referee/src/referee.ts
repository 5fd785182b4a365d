import type { Database } from '@onitu/escalator'
import { keys, type NewEvent } from '@onitu/protocol'
import { decide } from './decide/decide.ts'
import type { Policy } from './decide/policy.ts'
import { type Committed, decideMany } from './decide-many.ts'
import { judgeAll } from './judge-all.ts'
import { preload } from './load.ts'
import { loadPolicy } from './load-policy.ts'
import { readOutbox } from './read-outbox.ts'
import { carryOutRequest } from './requests/carry-out-request.ts'

/** What the Referee needs of the world; a simulation gives it its own. */
export interface RefereeWorld {
  readonly db: Database
  /** Wakes a service: there is an order for this file. May be lost. */
  readonly publish: (service: string, fid: string) => void
  readonly emit: (event: NewEvent) => void
  /** ms since 1970. */
  readonly now: () => number
}

export interface Referee {
  /** Judges everything again if the setup changed since it was last done. To be awaited before anything else. */
  prepare(): Promise<void>
  /** Decides everything in the outbox of a service. Calls of this and the next must not overlap. */
  decideOutbox(service: string): Promise<void>
  /** Does what somebody asked for, on top of all that was observed until now. */
  carryOutRequests(): Promise<void>
  /** Names of the services in the setup. */
  readonly services: readonly string[]
}

/** Large enough that a first copy of many files costs few batches, small enough that other services are not kept waiting. */
const OBSERVATIONS_PER_BATCH = 1000

/** The logic of the Referee, without sockets or timers. */
export async function createReferee(world: RefereeWorld): Promise<Referee> {
  const { db } = world
  const { policy, digest } = await loadPolicy(db)
  const announce = (committed: Committed) => {
    for (const [service, fid] of committed.orders) world.publish(service, fid)
    for (const event of committed.events) world.emit(event)
  }
  const services = [...policy.services.keys()]
  const decideOutbox = async (service: string) => {
    while (await decidePage(world, policy, service, announce));
  }
  return {
    services,
    async prepare() {
      if ((await db.get<string, undefined>(keys.judged, { default: undefined })) === digest) return
      for await (const committed of judgeAll(db, policy, world.now)) announce(committed)
      await db.put(keys.judged, digest)
    },
    decideOutbox,
    async carryOutRequests() {
      const requests = await db.keys({ prefix: keys.requestPrefix }).all()
      if (requests.length === 0) return
      for (const service of services) await decideOutbox(service)
      for (const key of requests) await carryOutRequest({ db, policy, now: world.now }, key, announce)
    },
  }
}

/** Gives whether there may be more. */
async function decidePage(
  world: RefereeWorld,
  policy: Policy,
  service: string,
  announce: (committed: Committed) => void,
): Promise<boolean> {
  const { db } = world
  const page = await readOutbox(db, service, OBSERVATIONS_PER_BATCH)
  if (page.keys.length === 0) return false
  for (const event of page.events) world.emit(event)
  const committed = await decideMany({
    db,
    policy,
    now: world.now(),
    preload: (view) => preload(db, [...policy.services.keys()], view, page.observations),
    steps: page.observations.map((observation) => (situation) => decide(situation, service, observation)),
    decided: page.keys,
  })
  announce(committed)
  return page.keys.length === OBSERVATIONS_PER_BATCH
}
