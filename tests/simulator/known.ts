import { decode, type FileRecord, type Head, keys } from '@onitu/protocol'
import type { Values } from './database.ts'
import type { Storage } from './storage.ts'
import type { World } from './world.ts'

export function readHead(values: Values, fid: string): Head | undefined {
  const value = values.get(keys.head(fid))
  return value === undefined ? undefined : (decode(value) as Head)
}

/** Everything that the hub has. */
export function liveHeads(values: Values): Head[] {
  const heads = [...values].filter(([key]) => key.startsWith(keys.headPrefix)).map(([, value]) => decode(value) as Head)
  return heads.filter(({ deleted }) => !deleted)
}

/** The paths at which a service holds something else than its Plug knows. */
export function unknownOf(world: World, storage: Storage): string[] {
  const known = new Map<string, string>()
  for (const key of world.keysOf(keys.filePrefix(storage.name))) {
    const { path, token } = decode(world.store.values.get(key) ?? Buffer.alloc(0)) as FileRecord
    if (token !== null) known.set(path, token)
  }
  const changed = [...storage.entries].filter(([path, { token }]) => known.get(path) !== token).map(([path]) => path)
  return [...changed, ...[...known.keys()].filter((path) => !storage.entries.has(path))]
}
