import type { HeldDeletion } from '@onitu/protocol'
import { createDraft, type Decision, headOf, orderOf, recordOf, type Situation } from './draft.ts'
import { giveOrder } from './give-order.ts'

/** A held deletion is not to be: the service gets again what the hub has. */
export function rejectDeletion(situation: Situation, service: string, { fid }: HeldDeletion): Decision {
  const draft = createDraft(situation)
  const head = headOf(draft, fid)
  if (head === undefined) return draft
  const record = recordOf(draft, service, fid)
  const hasIt = record?.version === head.version && (record.token !== null) === !head.deleted
  if (!hasIt && orderOf(draft, service, fid)?.version !== head.version) {
    giveOrder(draft, situation.policy, service, head)
  }
  return draft
}
