import { ClassicLevel } from 'classic-level'
import type { Store } from '../store.ts'

export async function openClassicLevel(directory: string): Promise<Store> {
  const database = new ClassicLevel<string, Buffer>(directory, { valueEncoding: 'buffer' })
  await database.open()
  return {
    get: (key) => database.get(key),
    put: (key, value) => database.put(key, value),
    putMany: (entries) => database.batch(entries.map(([key, value]) => ({ type: 'put', key, value }))),
    async scan() {
      let count = 0
      for await (const [key, value] of database.iterator()) if (key && value) count++
      return count
    },
    close: () => database.close(),
  }
}
