import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import type { ServerCounters, ServerStats } from '../wire/stats.ts'

/** Reads the sizes of the databases, and adds what the process knows. */
export async function collectStats(
  directory: string,
  counters: ServerCounters,
  requests: ReadonlyMap<string, number>,
): Promise<ServerStats> {
  const databases = Array.from(requests, async ([name, count]) => {
    return [name, { requests: count, size: await directorySize(join(directory, name)) }] as const
  })
  return {
    ...counters,
    uptime: Math.round(process.uptime() * 1000),
    memory: process.memoryUsage.rss(),
    databases: Object.fromEntries(await Promise.all(databases)),
  }
}

async function directorySize(directory: string): Promise<number> {
  const names = await readdir(directory)
  const sizes = await Promise.all(names.map((name) => fileSize(join(directory, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** LevelDB may just have deleted it. */
async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0
    throw error
  }
}
