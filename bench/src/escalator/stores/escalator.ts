import { connect } from '@onitu/escalator'
import type { Store } from '../store.ts'

export async function openEscalator(address: string): Promise<Store> {
  const client = await connect({ address })
  return {
    get: (key) => client.get(key, { raw: true }),
    put: (key, value) => client.put(key, value, { raw: true }),
    putMany: (entries) => client.batch(entries.map(([key, value]) => ({ type: 'put', key, value, raw: true }))),
    async scan() {
      let count = 0
      for await (const [key, value] of client.range<Uint8Array>({ raw: true })) if (key && value) count++
      return count
    },
    close: () => client.close(),
  }
}
