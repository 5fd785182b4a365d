import { join } from 'node:path'
import { timed } from '../execute.ts'
import { checkEqual, Hub } from '../hub.ts'
import { makeTree } from '../make-files.ts'
import type { Options } from '../options.ts'
import type { Pair, Peer } from '../peers.ts'
import type { Memory, Report, Result } from '../result.ts'
import type { Workplace } from '../workplace.ts'
import { takeTurns } from './copy.ts'

/** Small, so that it is the number of files that counts. */
const size = 256

/** A start with many files and nothing to do. The first copy of so many is measured too, once. */
export async function restart(workplace: Workplace, { restartFiles, runs }: Options): Promise<Report> {
  const task = `${restartFiles} files, nothing to do`
  const first = `${restartFiles} files of ${size} B, first copy`
  const results: Result[] = []
  const memory: Memory[] = []
  await workplace.withPair(async (pair) => {
    makeTree(join(pair.left, 'data'), restartFiles, size)
    const copied = await started(pair, async (hub) => memory.push(...(await hub.memory(first))))
    results.push({
      task: first,
      tool: 'onitu, started on it',
      times: [copied],
      amount: { number: restartFiles, unit: 'files' },
    })
    await checkEqual(pair)
    const again = await takeTurns([['onitu, started again', () => started(pair)]], runs)
    for (const [tool, times] of again) results.push({ task, tool, times })
    await started(pair, async (hub) => memory.push(...(await hub.memory(task))))
  })
  for (const peer of workplace.peers) {
    const times = await runsOfPeer(workplace, peer, restartFiles, runs)
    results.push({ task: first, tool: peer.name, times: [times.first] }, { task, tool: peer.name, times: times.again })
  }
  return { results: results.toSorted((a, b) => a.task.localeCompare(b.task)), memory }
}

/** The time until a hub that is started on the pair has nothing to do. `look` is called then, off the clock. */
async function started(pair: Pair, look?: (hub: Hub) => Promise<unknown>): Promise<number> {
  let hub: Hub | undefined
  try {
    const time = await timed(async () => {
      hub = Hub.start(pair)
      await hub.settle()
    })
    if (hub !== undefined) await look?.(hub)
    return time
  } finally {
    await hub?.stop()
  }
}

function runsOfPeer(
  workplace: Workplace,
  peer: Peer,
  files: number,
  runs: number,
): Promise<{ first: number; again: number[] }> {
  return workplace.withPair(async (pair) => {
    makeTree(join(pair.left, 'data'), files, size)
    const first = await timed(() => peer.run(pair))
    const again = await takeTurns([[peer.name, () => timed(() => peer.run(pair))]], runs)
    return { first, again: again.get(peer.name) ?? [] }
  })
}
