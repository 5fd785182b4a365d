import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { succeed, timed } from '../execute.ts'
import { checkEqual, Hub } from '../hub.ts'
import type { Peer } from '../peers.ts'
import type { Memory, Report, Result } from '../result.ts'
import type { Workplace } from '../workplace.ts'

export interface CopyTask {
  readonly task: string
  /** A file or a folder; it is copied, not used up. */
  readonly source: string
  readonly runs: number
  readonly amount: { readonly number: number; readonly unit: string }
}

/**
 * Brings `source` from one folder to an empty one: by the hub while it runs (the source appears in the left folder by a rename),
 * by a hub that is started on it, and by each peer. The tools take turns, so that a slow moment of the machine meets all.
 */
export async function compareCopies(workplace: Workplace, { task, source, runs, amount }: CopyTask): Promise<Report> {
  const memory = new Map<string, Memory[]>()
  const tools: [tool: string, run: () => Promise<number>][] = [
    [
      'onitu, running',
      async () => await copyWhileRunning(workplace, source, async (hub) => memory.set(task, await hub.memory(task))),
    ],
    ['onitu, started on it', async () => await copyFromStart(workplace, source)],
    ...workplace.peers.map((peer): [string, () => Promise<number>] => [
      peer.name,
      () => copyByPeer(workplace, source, peer),
    ]),
  ]
  const times = await takeTurns(tools, runs)
  const results = tools.map(([tool]): Result => ({ task, tool, times: times.get(tool) ?? [], amount }))
  return { results, memory: [...memory.values()].flat() }
}

/** Each tool once, then each again. */
export async function takeTurns(
  tools: readonly (readonly [tool: string, run: () => Promise<number>])[],
  runs: number,
): Promise<Map<string, number[]>> {
  const times = new Map(tools.map(([tool]): [string, number[]] => [tool, []]))
  for (let run = 0; run < runs; run += 1) {
    for (const [tool, measure] of tools) {
      const time = await measure()
      times.get(tool)?.push(time)
      console.error(`  ${tool}: ${time.toFixed(0)} ms`)
    }
  }
  return times
}

function copyWhileRunning(workplace: Workplace, source: string, look: (hub: Hub) => Promise<unknown>): Promise<number> {
  return workplace.withHub(async (hub, pair) => {
    const staged = workplace.fresh('staged')
    await stage(source, staged)
    const time = await timed(async () => {
      renameSync(staged, join(pair.left, 'data'))
      await hub.settle()
    })
    await checkEqual(pair)
    await look(hub)
    return time
  })
}

function copyFromStart(workplace: Workplace, source: string): Promise<number> {
  return workplace.withPair(async (pair) => {
    await stage(source, join(pair.left, 'data'))
    let hub: Hub | undefined
    try {
      const time = await timed(async () => {
        hub = Hub.start(pair)
        await hub.settle()
      })
      await checkEqual(pair)
      return time
    } finally {
      await hub?.stop()
    }
  })
}

function copyByPeer(workplace: Workplace, source: string, peer: Peer): Promise<number> {
  return workplace.withPair(async (pair) => {
    await stage(source, join(pair.left, 'data'))
    const time = await timed(() => peer.run(pair))
    await checkEqual(pair)
    return time
  })
}

/** What was written before is on disk when the clock starts. */
async function stage(source: string, target: string): Promise<void> {
  await succeed('cp', ['-a', source, target])
  await succeed('sync', [])
}
