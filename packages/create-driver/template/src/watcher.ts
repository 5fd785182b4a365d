import { readdir } from 'node:fs/promises'
import { type Change, CONTROL_DIRECTORY, type DriverPlug, type Seen, systemCode } from '@onitu/plug'
import type { Folder } from './folder.ts'
import { type State, stateOf } from './state.ts'

type Tree = Map<string, State>

/** Finds changes by looking at everything again and again, and comparing it with what the Plug knows. */
export class Watcher {
  readonly #plug: DriverPlug
  readonly #folder: Folder
  readonly #interval: number
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #closed = false

  constructor(plug: DriverPlug, folder: Folder, interval: number) {
    this.#plug = plug
    this.#folder = folder
    this.#interval = interval
  }

  /** Resolves when the folder is known to be available, or not. */
  async start(): Promise<void> {
    await this.#reach(() => this.#folder.require())
    this.#schedule()
  }

  /** Resolves when everything that had changed before the call has been told. */
  look(): Promise<void> {
    // One after the other: a look that began before the call may have missed something.
    const look = this.#turn.then(() => this.#reach(() => this.#compare()))
    this.#turn = look
    return look
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#turn
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.look().then(() => this.#schedule()), this.#interval)
  }

  /** What fails makes the folder unavailable until a look works again. */
  async #reach(task: () => Promise<void>): Promise<void> {
    if (this.#closed) return
    const { name } = this.#folder
    try {
      await this.#folder.require()
      await this.#plug.setAvailable(name, true)
      await task()
    } catch (error) {
      await this.#plug.setAvailable(name, false, error instanceof Error ? error.message : String(error))
    }
  }

  async #compare(): Promise<void> {
    // What the Plug knows comes first: then the tree is never older than that, and nothing of the Plug's own writes is mistaken for a loss.
    const known = new Map<string, string>()
    for await (const { path, token } of this.#plug.list(this.#folder.name)) known.set(path, token)
    const tree: Tree = new Map()
    await this.#walk('', tree)
    // Only a folder that is still there says anything about what is not in it.
    await this.#folder.require()
    await this.#plug.report(changesBetween(this.#folder.name, known, tree))
  }

  async #walk(directory: string, tree: Tree): Promise<void> {
    for (const name of await this.#names(directory)) {
      const path = directory === '' ? name : `${directory}/${name}`
      const state = path === CONTROL_DIRECTORY ? undefined : await stateOf(`${this.#folder.root}/${path}`)
      if (state === undefined) continue
      tree.set(path, state)
      if (state.kind === 'directory') await this.#walk(path, tree)
    }
  }

  async #names(directory: string): Promise<string[]> {
    try {
      return await readdir(directory === '' ? this.#folder.root : this.#folder.absolute(directory))
    } catch (error) {
      // Gone since the directory above was listed.
      if (directory !== '' && systemCode(error) === 'ENOENT') return []
      throw error
    }
  }
}

/** What is neither a file nor a directory is left alone, and what it replaced does not count as deleted. */
function changesBetween(
  folder: string,
  known: ReadonlyMap<string, string>,
  tree: ReadonlyMap<string, State>,
): Change[] {
  const lost = [...known].filter(([path]) => !tree.has(path))
  const byToken = new Map(lost.map(([path, token]) => [token, path]))
  const moved: Change[] = []
  const updated: Change[] = []
  for (const [path, state] of tree) {
    if (state.kind === 'other' || known.get(path) === state.token) continue
    const seen = seenOf(folder, path, state)
    const from = state.kind === 'file' && !known.has(path) ? byToken.get(state.token) : undefined
    if (from === undefined) updated.push({ type: 'updated', ...seen })
    else {
      byToken.delete(state.token)
      moved.push({ type: 'moved', from: { folder, path: from }, ...seen })
    }
  }
  const from = new Set(moved.map((change) => (change.type === 'moved' ? change.from.path : '')))
  const deleted = lost.flatMap(([path]): Change[] => (from.has(path) ? [] : [{ type: 'deleted', folder, path }]))
  // What leaves a path before what takes it.
  return [...moved, ...deleted, ...updated]
}

function seenOf(folder: string, path: string, { kind, token, size, mtime, mode }: State): Seen {
  if (kind === 'directory') return { folder, path, kind, token, size: 0, mtime: null, mode }
  return { folder, path, token, size, mtime, mode }
}
