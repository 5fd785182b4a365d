import type { planReport } from '../../packages/plug/src/observe/plan-report.ts'
import type { planOrder } from '../../packages/plug/src/orders/plan-order.ts'
import type { fetchWhole } from '../../packages/plug/src/transfer/fetch-content.ts'
import type { hasSeen } from '../../packages/referee/src/decide/lineage.ts'

type Wrapped<F extends (...given: never[]) => unknown> = (original: F) => F

/** Decisions that are made otherwise than they should be. */
export interface Hooks {
  planOrder?: Wrapped<typeof planOrder>
  planReport?: Wrapped<typeof planReport>
  fetchWhole?: Wrapped<typeof fetchWhole>
  hasSeen?: Wrapped<typeof hasSeen>
}

/** Those that are switched on now. */
export const active: { hooks: Hooks } = { hooks: {} }
