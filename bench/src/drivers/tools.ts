import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { succeed, timed } from '../execute.ts'
import { Hub } from '../hub.ts'
import type { Workplace } from '../workplace.ts'
import { Rclone } from './rclone.ts'
import type { Remote } from './remote.ts'
import { settleMachine } from './settle-machine.ts'

/** What is brought to the server, or from it. */
export interface Load {
  readonly local: string
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

export interface ToolOptions {
  readonly name: string
  /** Loads of the same kind that the tool has brought before the clock starts. They stay where they are, on both sides. */
  readonly before: number
}

const LAST = 'load'

/** Brings other loads before this one, the time of which it gives. `bring` puts a content where it comes from, under this name, and has it brought. */
async function bringLast(
  workplace: Workplace,
  { local, make }: Load,
  before: number,
  bring: (content: string, as: string) => Promise<number>,
): Promise<number> {
  for (let turn = 0; turn < before; turn++) {
    const other = workplace.fresh('before')
    mkdirSync(other)
    make(other)
    await bring(other, `before-${turn}`)
  }
  return bring(local, LAST)
}

/** `rclone sync` of a folder in which the loads appear one after the other, timed as a whole process. */
export function rcloneTool(workplace: Workplace, remote: Remote, { name, before }: ToolOptions): Tool {
  const rclone = new Rclone(remote)
  return {
    name,
    async up(load) {
      const folder = remote.fresh()
      const root = workplace.fresh('source')
      mkdirSync(root)
      const time = await bringLast(workplace, load, before, async (content, as) => {
        await succeed('cp', ['-a', content, join(root, as)])
        await settleMachine()
        return timed(() => rclone.upload(root, folder))
      })
      await rclone.check(load.local, `${folder}/${LAST}`)
      if (!load.isKept) await rclone.purge(folder)
      return time
    },
    async down(load) {
      const folder = remote.fresh()
      const target = workplace.fresh('target')
      const time = await bringLast(workplace, load, before, async (content, as) => {
        await rclone.upload(content, `${folder}/${as}`)
        await settleMachine()
        return timed(() => rclone.download(folder, target))
      })
      await succeed('diff', ['-rq', load.local, join(target, LAST)])
      if (!load.isKept) await rclone.purge(folder)
      return time
    },
  }
}

/**
 * A running hub. Up: the files appear in the local folder by one rename. Down: they are put on the server while nobody looks, and the clock starts when
 * the hub is asked whether it is done, which has the service look. Both end with its answer.
 */
export function hubTool(workplace: Workplace, remote: Remote, { name, before }: ToolOptions): Tool {
  const rclone = new Rclone(remote)
  return {
    name,
    async up(load) {
      const folder = remote.fresh()
      const time = await withHub(workplace, remote, folder, (hub, root) =>
        bringLast(workplace, load, before, async (content, as) => {
          const staged = workplace.fresh('staged')
          await succeed('cp', ['-a', content, staged])
          await settleMachine()
          return measure(hub, async () => {
            renameSync(staged, join(root, as))
            await hub.quiet()
          })
        }),
      )
      await rclone.check(load.local, `${folder}/${LAST}`)
      if (!load.isKept) await rclone.purge(folder)
      return time
    },
    async down(load) {
      const folder = remote.fresh()
      return withHub(workplace, remote, folder, async (hub, root) => {
        const time = await bringLast(workplace, load, before, async (content, as) => {
          await rclone.upload(content, `${folder}/${as}`)
          await settleMachine()
          if (existsSync(join(root, as))) throw new Error('The hub has looked before it was asked to')
          return measure(hub, () => hub.quiet())
        })
        await succeed('diff', ['-rq', load.local, join(root, LAST)])
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
