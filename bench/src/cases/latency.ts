import { randomBytes } from 'node:crypto'
import { existsSync, type FSWatcher, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from '../execute.ts'
import type { Options } from '../options.ts'
import type { Pair, Peer } from '../peers.ts'
import type { Memory, Report, Result } from '../result.ts'
import type { Workplace } from '../workplace.ts'

const size = 4096
/** A change that has not arrived by then is lost, and the measurement fails. */
const patience = 30_000

/**
 * One small file after the other. For the hub: from the write on the left until the file has its name on the right, seen by a
 * watcher. The peers do not watch; for them it is the time of one run after the change.
 */
export async function latency(workplace: Workplace, { changes }: Options): Promise<Report> {
  const task = 'one new file of 4 KiB'
  const results: Result[] = []
  const memory = await workplace.withHub(async (hub, pair): Promise<Memory[]> => {
    await arrival(pair, 'warm-up')
    results.push({
      task,
      tool: 'onitu, running',
      times: await repeat(changes, (change) => arrival(pair, `change-${change}`)),
    })
    return await hub.memory(task)
  })
  for (const peer of workplace.peers)
    results.push({ task, tool: peer.name, times: await runsOfPeer(workplace, peer, changes) })
  return { results, memory }
}

function runsOfPeer(workplace: Workplace, peer: Peer, changes: number): Promise<number[]> {
  return workplace.withPair(async (pair) => {
    await peer.run(pair)
    return await repeat(changes, (change) => {
      writeFileSync(join(pair.left, `change-${change}`), randomBytes(size))
      return timed(() => peer.run(pair))
    })
  })
}

async function repeat(times: number, measure: (index: number) => Promise<number>): Promise<number[]> {
  const measured: number[] = []
  for (let index = 0; index < times; index += 1) measured.push(await measure(index))
  return measured
}

/** How long a new file takes to get to the other side, in ms. */
async function arrival({ left, right }: Pair, name: string): Promise<number> {
  const content = randomBytes(size)
  const target = join(right, name)
  const watcher = watch(right)
  try {
    return await timed(async () => {
      const arrived = until(watcher, () => existsSync(target), name)
      writeFileSync(join(left, name), content)
      await arrived
    })
  } finally {
    watcher.close()
  }
}

function until(watcher: FSWatcher, condition: () => boolean, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`${name} did not arrive within ${patience} ms`)), patience)
    watcher.on('error', (error) => {
      clearTimeout(deadline)
      reject(error)
    })
    watcher.on('change', () => {
      if (!condition()) return
      clearTimeout(deadline)
      resolve()
    })
  })
}
