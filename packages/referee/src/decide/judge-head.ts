import type { Head } from '@onitu/protocol'
import { createDraft, type Decision, orderOf, recordOf, removeOrder, type Situation } from './draft.ts'
import { giveOrder, holdsAnything } from './give-order.ts'
import { servicesOf } from './policy.ts'
import { targetsOf } from './targets.ts'

/**
 * Computes the orders of a head anew, after the setup changed. No version is made. A service that falls out of the rules
 * keeps what it has; an order that it had not carried out yet is taken back. `isHeld`: the service deleted the file, and
 * that is not approved yet.
 */
export function judgeHead(situation: Situation, head: Head, isHeld: (service: string) => boolean): Decision {
  const draft = createDraft(situation)
  const { policy } = situation
  const targets = new Set(head.deleted ? [] : targetsOf(draft, policy, head))
  for (const [service] of servicesOf(policy, head.folder)) {
    if (!head.deleted && isHeld(service)) continue
    const concerned = head.deleted ? holdsAnything(draft, service, head.fid) : targets.has(service)
    if (!concerned) {
      if (!head.deleted) removeOrder(draft, service, head.fid)
      continue
    }
    const record = recordOf(draft, service, head.fid)
    const hasIt = record?.version === head.version && (record.token !== null) === !head.deleted
    if (!hasIt && orderOf(draft, service, head.fid)?.version !== head.version) giveOrder(draft, policy, service, head)
  }
  // The setup is judged, not somebody's change: the notices of what is kept out were given when it came.
  return { ...draft, events: [] }
}
