import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Hub } from './hub.ts'
import type { Pair, Peer } from './peers.ts'

/** Where one case works. Everything is below one folder, so that a rename never crosses file systems. */
export class Workplace {
  readonly root: string
  readonly peers: readonly Peer[]
  #made = 0

  constructor(parent: string, peers: readonly Peer[]) {
    this.root = mkdtempSync(join(parent, 'onitu-bench-'))
    this.peers = peers
  }

  /** A new name below the root; nothing is there yet. */
  fresh(name: string): string {
    this.#made += 1
    return join(this.root, `${this.#made}-${name}`)
  }

  /** Two new empty folders for the time of `use`. */
  async withPair<T>(use: (pair: Pair) => Promise<T>): Promise<T> {
    const folder = this.fresh('pair')
    const pair = { left: join(folder, 'left'), right: join(folder, 'right'), memory: join(folder, 'memory') }
    for (const path of Object.values(pair)) mkdirSync(path, { recursive: true })
    try {
      return await use(pair)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  /** The same with a hub that runs on them and has settled. */
  async withHub<T>(use: (hub: Hub, pair: Pair) => Promise<T>): Promise<T> {
    return await this.withPair(async (pair) => {
      const hub = Hub.start(pair)
      try {
        await hub.settle()
        return await use(hub, pair)
      } finally {
        await hub.stop()
      }
    })
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
