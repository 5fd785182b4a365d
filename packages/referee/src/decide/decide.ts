import { mimetypeOf, type Observation } from '@onitu/protocol'
import { decideDeletion } from './decide-deletion.ts'
import { decideMove } from './decide-move.ts'
import { decideUpdate } from './decide-update.ts'
import { createDraft, type Decision, type Draft, headOf } from './draft.ts'
import { redirectOf } from './give-order.ts'
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
      const { content, base } = locate(draft, service, observation.fid, observation.base, observation)
      if (!passesSource(draft, policy, service, { ...content, mimetype: mimetypeOf(content.path) })) return
      decideUpdate(draft, policy, { service, base, content })
      return
    }
    case 'deleted': {
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, observation.fid)
      decideDeletion(draft, policy, service, to?.fid ?? observation.fid, to?.version ?? observation.base)
      return
    }
    case 'moved': {
      const { from } = observation
      if (!mayDelete(draft, policy, service, observation)) return
      const to = redirectOf(draft, service, from.fid)
      decideMove(draft, policy, service, observation, to?.fid ?? from.fid, to?.version ?? from.base)
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
): { content: Content; base: number } {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (to === undefined || head === undefined) return { content, base }
  return { content: { ...content, folder: head.folder, path: head.path }, base: to.version }
}
