import { mimetypeOf, type Observation } from '@onitu/protocol'
import { decideDeletion } from './decide-deletion.ts'
import { decideMove } from './decide-move.ts'
import { decideUpdate } from './decide-update.ts'
import { createDraft, type Decision, type Draft, headOf } from './draft.ts'
import { redirectOf } from './give-order.ts'
import type { Basis } from './lineage.ts'
import type { Content } from './new-version.ts'
import type { Policy } from './policy.ts'
import { mayDelete, passesSource } from './targets.ts'
import type { View } from './view.ts'

export interface Situation {
  readonly view: View
  readonly policy: Policy
  /** The last version number given out. */
  readonly lastVersion: number
  /** ms since 1970. */
  readonly now: number
}

/**
 * Decides what an observation of a service means for everyone. Pure: the same situation gives the same decision.
 * The cases are in docs/architecture.md and, by name, in decide.test.ts.
 */
export function decide(situation: Situation, service: string, observation: Observation): Decision {
  const draft = createDraft(situation.view, situation.lastVersion, situation.now)
  decideObservation(draft, situation.policy, service, observation)
  return draft
}

function decideObservation(draft: Draft, policy: Policy, service: string, observation: Observation): void {
  switch (observation.type) {
    case 'updated': {
      const { content, ...basis } = locate(draft, service, observation.fid, observation.base, observation)
      if (!passesSource(draft, policy, service, { ...content, mimetype: mimetypeOf(content.path) })) return
      decideUpdate(draft, policy, { service, content, ...basis })
      return
    }
    case 'deleted': {
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, observation.fid)
      // Moved by somebody meanwhile: what was deleted here goes on living there, as it would had the move come second.
      const isMoved = headOf(draft, observation.fid)?.deleted === true
      if (to === undefined || isMoved)
        decideDeletion(draft, policy, service, observation.fid, { base: observation.base, redirected: false })
      else decideDeletion(draft, policy, service, to.fid, { base: to.version, redirected: true })
      return
    }
    case 'moved': {
      const { from } = observation
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, from.fid)
      decideMove(draft, policy, service, observation, to?.fid ?? from.fid, {
        base: to?.version ?? from.base,
        redirected: to !== undefined,
      })
      return
    }
  }
}

/** An observation about a path whose content waits to be moved elsewhere is about that content: see redirectOf. */
function locate(
  draft: Draft,
  service: string,
  fid: string,
  base: number,
  content: Content,
): Basis & { readonly content: Content } {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (to === undefined || head === undefined || head.kind !== content.kind) return { content, base, redirected: false }
  return { content: { ...content, folder: head.folder, path: head.path }, base: to.version, redirected: true }
}
