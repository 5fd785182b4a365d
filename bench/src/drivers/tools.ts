import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { succeed, timed } from '../execute.ts'
import { Hub } from '../hub.ts'
import type { Workplace } from '../workplace.ts'
import { Rclone } from './rclone.ts'
import type { Remote } from './remote.ts'

/** What is brought to the server, or from it: a local folder, and the same already on the server. */
export interface Load {
  readonly local: string
  readonly remote: string
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
    async up({ local }) {
      const folder = remote.fresh()
      await succeed('sync', [])
      const time = await timed(() => rclone.upload(local, folder))
      await rclone.check(local, folder)
      await rclone.purge(folder)
      return time
    },
    async down({ local, remote: folder }) {
      const target = workplace.fresh('target')
      await succeed('sync', [])
      const time = await timed(() => rclone.download(folder, target))
      await succeed('diff', ['-rq', local, target])
      return time
    },
  }
}

/**
 * A running hub. Up: the files appear in the local folder by one rename. Down: they are put on the server while nobody looks, and the clock starts
 * with `onitu wait`, which has the service look. Both end when that returns.
 */
export function hubTool(workplace: Workplace, remote: Remote): Tool {
  const rclone = new Rclone(remote)
  return {
    name: 'onitu',
    async up({ local }) {
      const folder = remote.fresh()
      const time = await withHub(workplace, remote, folder, async (hub, root) => {
        const staged = workplace.fresh('staged')
        await succeed('cp', ['-a', local, staged])
        await succeed('sync', [])
        return measure(hub, async () => {
          renameSync(staged, join(root, 'load'))
          await hub.settle()
        })
      })
      await rclone.check(local, `${folder}/load`)
      await rclone.purge(folder)
      return time
    },
    async down({ local, remote: filled }) {
      // The folder of a hub gets a marker, so it is one of its own.
      const folder = remote.fresh()
      return withHub(workplace, remote, folder, async (hub, root) => {
        await rclone.upload(local, `${folder}/load`)
        await rclone.check(local, filled)
        await succeed('sync', [])
        if (existsSync(join(root, 'load'))) throw new Error('The hub has looked before it was asked to')
        const time = await measure(hub, () => hub.settle())
        await succeed('diff', ['-rq', local, join(root, 'load')])
        await rclone.purge(folder)
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
