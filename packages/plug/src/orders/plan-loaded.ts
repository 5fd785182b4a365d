import type { OrderTools } from './carry-out.ts'
import type { LoadedOrder } from './load-orders.ts'
import type { PendingPaths } from './pending-paths.ts'
import { type OrderPlan, planOrder } from './plan-order.ts'

/** Takes note of where an order is, before any of those that were read with it is planned. */
export function indexLoaded(paths: PendingPaths, { fid, head, record }: LoadedOrder): void {
  if (head === undefined) return
  const holdsFile = record !== undefined && record.token !== null && record.kind === 'file'
  paths.add(fid, head.folder, head.path, holdsFile && (head.deleted || head.kind === 'directory'))
}

/** Plans an order as it was read, among the others that are pending. */
export function planLoaded(
  { engine, driver }: OrderTools,
  paths: PendingPaths,
  loaded: LoadedOrder,
  isSettling: boolean,
): OrderPlan {
  const folder = loaded.head?.folder ?? ''
  const path = loaded.head?.path ?? ''
  return planOrder({
    blockedBy: paths.clearedAbove(folder, path),
    isSettling,
    ordersBelow: paths.hasBelow(folder, path),
    // A folder that the service does not have is not written.
    mode: engine.folders.get(folder)?.mode ?? 'r',
    can: { move: driver.canMove, directories: driver.canMakeDirectories, attributes: driver.canSetAttributes },
    // Last: what comes behind a spread costs V8 twenty times as much.
    ...loaded,
  })
}
