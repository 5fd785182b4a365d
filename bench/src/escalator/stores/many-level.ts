import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import { ManyLevelGuest } from 'many-level'
import type { Store } from '../store.ts'

export async function openManyLevel(path: string): Promise<Store> {
  const database = new ManyLevelGuest<string, Buffer>({ valueEncoding: 'buffer' })
  const socket = connect(path)
  await once(socket, 'connect')
  pipeline(socket, database.createRpcStream(), socket, () => undefined)
  return {
    get: (key) => database.get(key),
    put: (key, value) => database.put(key, value),
    putMany: (entries) => database.batch(entries.map(([key, value]) => ({ type: 'put', key, value }))),
    async scan() {
      let count = 0
      for await (const [key, value] of database.iterator()) if (key && value) count++
      return count
    },
    async close() {
      await database.close()
      socket.destroy()
    },
  }
}
