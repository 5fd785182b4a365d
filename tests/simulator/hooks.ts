import type { planReport } from '../../packages/plug/src/observe/plan-report.ts'
import type { planOrder } from '../../packages/plug/src/orders/plan-order.ts'
import type { fetchWhole } from '../../packages/plug/src/transfer/fetch-content.ts'
import type { hasSeen } from '../../packages/referee/src/decide/lineage.ts'
import type { modeOf } from '../../packages/referee/src/decide/policy.ts'
import type { filterFile } from '../../packages/referee/src/options/filter-file.ts'
import type { servicesByRules } from '../../packages/referee/src/options/rules.ts'

type Wrapped<F extends (...given: never[]) => unknown> = (original: F) => F

/** Decisions that are made otherwise than they should be. */
export interface Hooks {
  planOrder?: Wrapped<typeof planOrder>
  planReport?: Wrapped<typeof planReport>
  fetchWhole?: Wrapped<typeof fetchWhole>
  hasSeen?: Wrapped<typeof hasSeen>
  modeOf?: Wrapped<typeof modeOf>
  servicesByRules?: Wrapped<typeof servicesByRules>
  filterFile?: Wrapped<typeof filterFile>
  /** Whether what is told while an order changes a file counts as newer than that. */
  believesRepeats?: boolean
}

/** Those that are switched on now. */
export const active: { hooks: Hooks } = { hooks: {} }
