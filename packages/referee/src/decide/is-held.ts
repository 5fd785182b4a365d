import type { Head } from '@onitu/protocol'
import type { Draft } from './draft.ts'
import { hasContent } from './give-order.ts'
import { type Policy, servicesOf } from './policy.ts'

/** Whether any service, or any but one, can still give the content of a head. */
export function isHeld(draft: Draft, policy: Policy, head: Head, except?: string): boolean {
  return servicesOf(policy, head.folder).some(
    ([service, { mode }]) => service !== except && mode !== 'w' && hasContent(draft, service, head),
  )
}
