import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { succeed, timed } from '../execute.ts'
import { Hub } from '../hub.ts'
import type { Workplace } from '../workplace.ts'
import { Rclone } from './rclone.ts'
import type { Remote } from './remote.ts'
import { settleMachine } from './settle-machine.ts'

/** What is brought to the server, or from it: a local folder, and the same already on the server. */
export interface Load {
  readonly local: string
  readonly remote: string
  /** Another one of this kind, in a folder that is there. */
  readonly make: (folder: string) => void
  /** What a tool has brought stays there until the end: see awaitCheapFiles. Else there would be no room for all of it. */
  readonly isKept: boolean
}

/** Brings a load to the server, or from there, and gives the ms that it took. */
export interface Tool {
  readonly name: string
  readonly up: (load: Load) => Promise<number>
  readonly down: (load: Load) => Promise<number>
}

/** `rclone sync`, timed as a whole process. */
export function rcloneTool(workplace: Workplace, remote: Remote): Tool {
  const rclone = new Rclone(remote)
  return {
    name: 'rclone sync',
    async up({ local, isKept }) {
      const folder = remote.fresh()
      await settleMachine()
      const time = await timed(() => rclone.upload(local, folder))
      await rclone.check(local, folder)
      if (!isKept) await rclone.purge(folder)
      return time
    },
    async down({ local, remote: folder }) {
      const target = workplace.fresh('target')
      await settleMachine()
      const time = await timed(() => rclone.download(folder, target))
      await succeed('diff', ['-rq', local, target])
      return time
    },
  }
}

export interface HubToolOptions {
  readonly name: string
  /** Loads of the same kind that the hub brings before the clock starts: its code is compiled then, as in a hub that has been running for some time. */
  readonly before: number
}

/**
 * A running hub. Up: the files appear in the local folder by one rename. Down: they are put on the server while nobody looks, and the clock starts
 * with `onitu wait`, which has the service look. Both end when that returns.
 */
export function hubTool(workplace: Workplace, remote: Remote, { name, before }: HubToolOptions): Tool {
  const rclone = new Rclone(remote)
  /** Brings other loads before this one, whose name is `load` and whose time it gives. */
  const bringLast = async ({ local, make }: Load, bring: (content: string, as: string) => Promise<number>) => {
    for (let turn = 0; turn < before; turn++) {
      const other = workplace.fresh('before')
      mkdirSync(other)
      make(other)
      await bring(other, `before-${turn}`)
    }
    return bring(local, 'load')
  }
  return {
    name,
    async up(load) {
      const folder = remote.fresh()
      const time = await withHub(workplace, remote, folder, (hub, root) =>
        bringLast(load, async (content, as) => {
          const staged = workplace.fresh('staged')
          await succeed('cp', ['-a', content, staged])
          await settleMachine()
          return measure(hub, async () => {
            renameSync(staged, join(root, as))
            await hub.settle()
          })
        }),
      )
      await rclone.check(load.local, `${folder}/load`)
      if (!load.isKept) await rclone.purge(folder)
      return time
    },
    async down(load) {
      // The folder of a hub gets a marker, so it is one of its own.
      const folder = remote.fresh()
      await rclone.check(load.local, load.remote)
      return withHub(workplace, remote, folder, async (hub, root) => {
        const time = await bringLast(load, async (content, as) => {
          await rclone.upload(content, `${folder}/${as}`)
          await settleMachine()
          if (existsSync(join(root, as))) throw new Error('The hub has looked before it was asked to')
          return measure(hub, () => hub.settle())
        })
        await succeed('diff', ['-rq', load.local, join(root, 'load')])
        if (!load.isKept) await rclone.purge(folder)
        return time
      })
    },
  }
}

/** Also says what it cost each process. */
async function measure(hub: Hub, act: () => Promise<unknown>): Promise<number> {
  let time = 0
  const costs = await hub.processorTime(async () => {
    time = await timed(act)
  })
  const shown = [...costs].map(([name, cost]) => `${name} ${(cost / 1000).toFixed(2)} s`)
  console.error(`    processor time: ${shown.join(', ')}`)
  return time
}

/** Nothing is looked for while the clock does not run. */
const SELDOM = { poll_fastest: 3600, poll_slowest: 3600 }

async function withHub<T>(
  workplace: Workplace,
  remote: Remote,
  folder: string,
  use: (hub: Hub, root: string) => Promise<T>,
): Promise<T> {
  const place = workplace.fresh('hub')
  const root = join(place, 'local')
  mkdirSync(root, { recursive: true })
  const local = { driver: 'local-storage', folders: { data: root } }
  const services = { local, remote: remote.service(folder, SELDOM) }
  const hub = Hub.startOn(place, { name: 'bench', folders: { data: {} }, services })
  try {
    await hub.settle()
    return await use(hub, root)
  } finally {
    await hub.stop()
  }
}
