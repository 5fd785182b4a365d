import type { Candidate, Store } from './store.ts'
import { openClassicLevel } from './stores/classic-level.ts'
import { openEscalator } from './stores/escalator.ts'
import { openManyLevel } from './stores/many-level.ts'
import { openRedis } from './stores/redis.ts'
import { fill, perform, type Work } from './work.ts'

/** What the process is told, one at a time; it answers each with one message. */
export type Order =
  | { readonly type: 'open'; readonly candidate: Candidate; readonly address: string }
  | { readonly type: 'fill'; readonly keys: number }
  | { readonly type: 'work'; readonly work: Work; readonly duration: number }
  | { readonly type: 'close' }

const openers: Record<Candidate, (address: string) => Promise<Store>> = {
  escalator: openEscalator,
  'many-level': openManyLevel,
  redis: openRedis,
  'classic-level': openClassicLevel,
}
let store: Store | undefined

async function obey(order: Order): Promise<unknown> {
  if (order.type === 'open') store = await openers[order.candidate](order.address)
  else if (store === undefined) throw new TypeError('Expected { type: open } first')
  else if (order.type === 'fill') await fill(store, order.keys)
  else if (order.type === 'work') return await perform(store, order.work, order.duration)
  else await store.close()
  return null
}

process.on('message', (order) => {
  obey(order as Order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
