import { type Head, type Kind, mimetypeOf, type Observation } from '@onitu/protocol'
import { decideDeletion } from './decide-deletion.ts'
import { decideMove } from './decide-move.ts'
import { decideUpdate } from './decide-update.ts'
import { createDraft, type Decision, type Draft, headOf, type Situation } from './draft.ts'
import { hasContent, redirectOf } from './give-order.ts'
import type { Basis } from './lineage.ts'
import type { Content } from './new-version.ts'
import { type Policy, servicesOf } from './policy.ts'
import { mayDelete, passesSource } from './targets.ts'

/**
 * Decides what an observation of a service means for everyone. Pure: the same situation gives the same decision.
 * The cases are in docs/architecture.md and, by name, in decide.test.ts.
 */
export function decide(situation: Situation, service: string, observation: Observation): Decision {
  const draft = createDraft(situation)
  decideObservation(draft, situation.policy, service, observation)
  return draft
}

function decideObservation(draft: Draft, policy: Policy, service: string, observation: Observation): void {
  switch (observation.type) {
    case 'updated': {
      deleteReplaced(draft, policy, service, observation)
      const { content, ...basis } = locate(draft, service, observation.fid, observation.base, observation)
      if (!passesSource(draft, policy, service, { ...content, mimetype: mimetypeOf(content.path) })) return
      decideUpdate(draft, policy, { service, content, ...basis })
      return
    }
    case 'deleted': {
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, observation.fid)
      // Moved by somebody meanwhile: what was deleted here goes on living there, as it would had the move come second.
      const moved =
        to === undefined || headOf(draft, observation.fid)?.deleted !== true ? undefined : headOf(draft, to.fid)
      const isMoved = moved !== undefined && isHeldElsewhere(draft, policy, service, moved)
      if (to === undefined || isMoved)
        decideDeletion(draft, policy, service, observation.fid, { base: observation.base, redirected: false })
      else decideDeletion(draft, policy, service, to.fid, { base: to.version, redirected: true })
      return
    }
    case 'moved': {
      const { from } = observation
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, from.fid)
      const basis = { base: to?.version ?? from.base, redirected: to !== undefined }
      // Another service made the same move: the content is where it was to be moved.
      if (to?.fid === observation.fid) decideUpdate(draft, policy, { service, content: observation, ...basis })
      else decideMove(draft, policy, service, observation, to?.fid ?? from.fid, basis)
      return
    }
  }
}

/** Whether another service can still give the content of a head. */
export function isHeldElsewhere(draft: Draft, policy: Policy, service: string, head: Head): boolean {
  return servicesOf(policy, head.folder).some(
    ([other, { mode }]) => other !== service && mode !== 'w' && hasContent(draft, other, head),
  )
}

/** A directory where a file waited to be moved elsewhere, or the reverse: what was to be moved is gone. */
function deleteReplaced(
  draft: Draft,
  policy: Policy,
  service: string,
  { fid, kind }: { fid: string; kind: Kind },
): void {
  const to = redirectOf(draft, service, fid)
  if (to === undefined || headOf(draft, to.fid)?.kind === kind) return
  decideDeletion(draft, policy, service, to.fid, { base: to.version, redirected: true })
}

/** An observation about a path whose content waits to be moved elsewhere is about that content: see redirectOf. */
function locate(
  draft: Draft,
  service: string,
  fid: string,
  base: number,
  content: Content,
): Basis & { readonly content: Content; readonly heldAt?: string } {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (to === undefined || head === undefined) return { content, base, redirected: false }
  const { folder, path } = head
  return { content: { ...content, folder, path }, base: to.version, redirected: true, heldAt: fid }
}
