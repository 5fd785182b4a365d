import { fileId, type HeldDeletion, keys, type Observation } from '@onitu/protocol'
import { decide } from './decide.ts'
import {
  createDraft,
  type Decision,
  type Draft,
  headOf,
  isLive,
  orderOf,
  recordOf,
  removeOrder,
  type Situation,
} from './draft.ts'
import { redirectOf } from './give-order.ts'
import { isHeld } from './is-held.ts'
import { hasSeen } from './lineage.ts'
import { modeOf } from './policy.ts'
import { release } from './release-held.ts'

/**
 * Decides an observation of a service, deletions of which may be held (`situation.holding`). Such a one is put aside as it is;
 * what is there again is held no longer.
 */
export function decideGuarded(situation: Situation, service: string, observation: Observation): Decision {
  const holding = situation.holding.get(service)
  if (holding === undefined) return decide(situation, service, observation)
  if (observation.type === 'deleted') {
    const held = holding.has(observation.folder) ? holdDeletion(situation, service, observation) : undefined
    return held ?? decide(situation, service, observation)
  }
  const decision = decide(situation, service, observation)
  const places = observation.type === 'moved' ? [observation, observation.from] : [observation]
  const held = new Map(decision.held)
  for (const place of places) if (holding.has(place.folder)) release({ held }, service, place)
  return { ...decision, held }
}

/**
 * Undefined when there is no reason to hold the deletion: it takes nothing from anybody, or nobody else has the content, so that
 * it could neither come back nor ever arrive where it was on its way to.
 */
function holdDeletion(situation: Situation, service: string, deletion: HeldDeletion): Decision | undefined {
  const draft = createDraft(situation)
  const { policy } = situation
  const { fid, folder, base, path } = deletion
  if (modeOf(policy, service, folder) === 'w') return undefined
  const to = redirectOf(draft, service, fid)
  const head = headOf(draft, to?.fid ?? fid)
  if (!isLive(head)) return undefined
  if (to === undefined && !hasSeen(draft, service, { base, redirected: false }, head)) return undefined
  if (head.kind === 'file' && !isHeld(draft, policy, head, service)) return undefined
  hold(draft, service, deletion)
  holdParents(draft, service, folder, path)
  return draft
}

function hold(draft: Draft, service: string, deletion: HeldDeletion): void {
  const { fid, folder, kind } = deletion
  const order = orderOf(draft, service, fid)
  // An acknowledgement that comes late would bring the file back; what says where content belongs has to stay.
  if (order?.movedFrom === undefined && order?.movedTo === undefined) removeOrder(draft, service, fid)
  draft.held.set(keys.held(service, folder, kind, fid), deletion)
}

/**
 * A directory may have been reported deleted before what is in it was: it was then to be made again. It is held with
 * its files instead, else it would come back empty. The counterpart of `deleteEmptiedParent`.
 */
function holdParents(draft: Draft, service: string, folder: string, path: string): void {
  const slash = path.lastIndexOf('/')
  if (slash === -1) return
  const parent = headOf(draft, fileId(folder, path.slice(0, slash)))
  if (!isLive(parent) || parent.kind !== 'directory') return
  const record = recordOf(draft, service, parent.fid)
  if (record === undefined || record.token !== null) return
  if (orderOf(draft, service, parent.fid)?.version !== parent.version) return
  const { fid, kind } = parent
  hold(draft, service, { type: 'deleted', fid, folder, path: parent.path, base: record.version, kind })
  holdParents(draft, service, folder, parent.path)
}
