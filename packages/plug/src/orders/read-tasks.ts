import { isOnituError } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { type LoadedOrder, loadOrders } from './load-orders.ts'
import type { OrderTask } from './order-task.ts'

export interface ReadTasks {
  readonly read: ReadonlyMap<string, LoadedOrder>
  readonly unread: ReadonlySet<OrderTask>
}

/** Orders that are neither read nor unread are gone. One that cannot be read does not spoil the others. */
export async function readTasks(engine: Engine, tasks: readonly OrderTask[]): Promise<ReadTasks> {
  const fids = tasks.map(({ fid }) => fid)
  try {
    const loaded = await loadOrders(engine, fids)
    return { read: new Map(loaded.map((one) => [one.fid, one])), unread: new Set() }
  } catch (error) {
    if (tasks.length > 1 && isOnituError(error) && !error.retryable && !engine.signal.aborted) {
      const parts = await Promise.all(tasks.map((task) => readTasks(engine, [task])))
      const read = new Map(parts.flatMap((part) => [...part.read]))
      return { read, unread: new Set(parts.flatMap((part) => [...part.unread])) }
    }
    engine.warn('Orders could not be read, they are read again', error)
    return { read: new Map(), unread: new Set(tasks) }
  }
}
