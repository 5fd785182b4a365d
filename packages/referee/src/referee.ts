import type { Database } from '@onitu/escalator'
import { keys, type NewEvent } from '@onitu/protocol'
import type { Committed } from './decide-many.ts'
import { decideOutbox } from './decide-outbox.ts'
import { DeletionGuard } from './guard/deletion-guard.ts'
import { judgeAll } from './judge-all.ts'
import { loadPolicy } from './load-policy.ts'
import { carryOutRequest } from './requests/carry-out-request.ts'

/** What the Referee needs of the world; a simulation gives it its own. */
export interface RefereeWorld {
  readonly db: Database
  /** Wakes a service: there are orders for these files. May be lost. */
  readonly publish: (service: string, fids: readonly string[]) => void
  readonly emit: (event: NewEvent) => void
  /** ms since 1970. */
  readonly now: () => number
}

export interface Referee {
  /** Judges everything again if the setup changed since it was last done. To be awaited before anything else. */
  prepare(): Promise<void>
  /**
   * Decides everything in the outbox of a service, or gives the ms after which to call it again. Calls of this and the next
   * must not overlap.
   */
  decideOutbox(service: string): Promise<number | undefined>
  /** Does what somebody asked for, on top of all that was decided until now. */
  carryOutRequests(): Promise<void>
  /** Names of the services in the setup. */
  readonly services: readonly string[]
}

/** The logic of the Referee, without sockets or timers. */
export async function createReferee(world: RefereeWorld): Promise<Referee> {
  const { db } = world
  const { policy, digest } = await loadPolicy(db)
  const guard = new DeletionGuard(db, policy)
  const judging = { db, policy, holding: guard.holding, now: world.now }
  const announce = (committed: Committed) => {
    for (const [service, fids] of byService(committed.orders)) world.publish(service, fids)
    for (const event of committed.events) world.emit(event)
  }
  const services = [...policy.services.keys()]
  const decideService = (service: string) => decideOutbox({ world, policy, guard, announce }, service)
  return {
    services,
    async prepare() {
      await guard.prepare()
      if ((await db.get<string, undefined>(keys.judged, { default: undefined })) === digest) return
      for await (const committed of judgeAll(judging)) announce(committed)
      await db.put(keys.judged, digest)
    },
    decideOutbox: decideService,
    async carryOutRequests() {
      const requests = await db.keys({ prefix: keys.requestPrefix }).all()
      if (requests.length === 0) return
      for (const service of services) await decideService(service)
      for (const key of requests) await carryOutRequest(judging, key, announce)
      await guard.refresh()
    },
  }
}

/** Each wake-up costs both ends, so there is one for all orders of a batch. */
function byService(orders: Committed['orders']): Map<string, string[]> {
  const grouped = new Map<string, string[]>()
  for (const [service, fid] of orders) {
    const fids = grouped.get(service)
    if (fids === undefined) grouped.set(service, [fid])
    else fids.push(fid)
  }
  return grouped
}
