import type { Database } from '@onitu/escalator'
import type { RefereeAnswer, RefereeRequest } from '@onitu/protocol'
import type { Holding } from '../decide/draft.ts'
import type { Policy } from '../decide/policy.ts'
import type { Step } from '../decide-many.ts'

/** What a request is carried out with, and what a changed setup is judged with. */
export interface RequestWorld {
  readonly db: Database
  readonly policy: Policy
  readonly holding: Holding
  /** ms since 1970. */
  readonly now: () => number
}

/**
 * A part of what a request asks for, committed in one batch together with its end (the answer) or with the request as it is
 * to be found again after it. So the Referee may be killed at any step.
 */
export interface RequestBatch {
  /** Files that the steps read; what is left out is loaded as it is needed. */
  readonly fids: readonly string[]
  /** Pure decisions. An OnituError that one throws is the answer, and nothing of the batch is done. */
  readonly steps: readonly Step[]
  /** Keys removed in the same batch. */
  readonly decided: readonly string[]
  readonly end: { readonly answer: RefereeAnswer } | { readonly request: RefereeRequest }
}
