import { createHash, randomBytes } from 'node:crypto'
import type { Change, DriverPlug } from '@onitu/plug'
import { locate, type Place } from './locate.ts'
import type { Entry, MemoryStore } from './memory-store.ts'
import type { MemoryCommand } from './messages.ts'

/** Commands change the store first and answer then; the report to the Plug goes on in the background. */
export interface MemoryService {
  execute(command: MemoryCommand): Promise<unknown>
  /** Reports all that is different from what the Plug knows. */
  reportDifferences(): Promise<void>
  /** Resolves when the reports that were begun before the call are durable. */
  reported(): Promise<void>
}

/** What the service needs of a Plug. */
export type MemoryPlug = Pick<DriverPlug, 'folders' | 'report' | 'list' | 'logger'>

export function createMemoryService(plug: MemoryPlug, store: MemoryStore): MemoryService {
  const reports = new Set<Promise<void>>()

  // Not awaited by the command: a report waits for the transfer on the same file, and a test changes files during one.
  const report = (changes: readonly Change[]) => {
    const running = plug.report(changes).catch((error: unknown) => {
      plug.logger.error({ err: error }, 'A report of the memory driver failed')
    })
    reports.add(running)
    void running.finally(() => reports.delete(running))
  }

  const updated = (path: string, entry: Entry): Change[] => {
    const place = locate(plug.folders, path)
    return place === undefined ? [] : [{ type: 'updated', ...seen(place, entry) }]
  }
  const deleted = (path: string): Change[] => {
    const place = locate(plug.folders, path)
    return place === undefined ? [] : [{ type: 'deleted', ...place }]
  }
  const moved = (path: string, to: string, entry: Entry): Change[] => {
    const from = locate(plug.folders, path)
    const place = locate(plug.folders, to)
    if (from === undefined) return updated(to, entry)
    return place === undefined ? deleted(path) : [{ type: 'moved', from, ...seen(place, entry) }]
  }

  const write = (path: string, content: Uint8Array) =>
    store.change(async () => report(updated(path, await store.write(path, content, Date.now()))))

  const remove = (path: string, notify: boolean) =>
    store.change(async () => {
      await store.delete(path)
      if (notify) report(deleted(path))
    })

  const move = (path: string, to: string) =>
    store.change(async () => {
      const paths = store.get(path) === undefined ? store.below(path) : [path]
      const changes: Change[] = []
      for (const each of paths) {
        const target = to + each.slice(path.length)
        changes.push(...moved(each, target, await store.move(each, target, store.get(each)?.mtime ?? null)))
      }
      report(changes)
    })

  const rmdir = (path: string) =>
    store.change(async () => {
      const paths = store.below(path)
      for (const each of paths) await store.delete(each)
      report(paths.flatMap(deleted))
    })

  return {
    async execute(command) {
      switch (command.type) {
        case 'write':
          return write(command.path, command.content)
        case 'generate':
          return write(command.path, randomBytes(command.size))
        case 'read':
          return store.change(() => store.read(command.path))
        case 'exists':
          return store.change(async () => store.get(command.path) !== undefined)
        case 'checksum':
          return store.change(async () => checksum(await store.read(command.path)))
        case 'list':
          return store.change(async () => [...store.entries.keys()].sort())
        case 'delete':
          return remove(command.path, command.notify)
        case 'move':
          return move(command.path, command.to)
        case 'rmdir':
          return rmdir(command.path)
      }
    },
    async reportDifferences() {
      const changes = [...store.entries].flatMap(([path, entry]) => updated(path, entry))
      for (const { name, path: root } of plug.folders.values()) {
        for await (const known of plug.list(name)) {
          if (store.get(`${root}/${known.path}`) === undefined) {
            changes.push({ type: 'deleted', folder: name, path: known.path })
          }
        }
      }
      await plug.report(changes)
    },
    async reported() {
      await Promise.all(reports)
    },
  }
}

function seen(place: Place, { token, size, mtime }: Entry) {
  return { ...place, token, size, mtime }
}

function checksum(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
