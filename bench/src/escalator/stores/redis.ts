import { Redis } from 'ioredis'
import type { Store } from '../store.ts'

const PAGE = 1_000

export async function openRedis(path: string): Promise<Store> {
  const redis = new Redis(path, { enableAutoPipelining: true })
  await redis.ping()
  return {
    get: (key) => redis.getBuffer(key),
    put: (key, value) => redis.set(key, value),
    putMany: (entries) => redis.mset(...entries.flat()),
    // It keeps no order, so this is the nearest thing that it has to a range.
    async scan() {
      let count = 0
      let cursor = '0'
      do {
        const [next, keys] = await redis.scan(cursor, 'COUNT', PAGE)
        for (const value of keys.length === 0 ? [] : await redis.mgetBuffer(...keys)) if (value) count++
        cursor = next
      } while (cursor !== '0')
      return count
    },
    close: () => redis.quit(),
  }
}
