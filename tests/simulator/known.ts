import { decode, encode, type FileRecord, type Head, keys } from '@onitu/protocol'
import type { Values } from './database.ts'
import type { Storage } from './storage.ts'
import type { World } from './world.ts'

/** Whether what is in a service that is only written may be read: something as long is to take its place, or was being written there. */
export function mayCompare(values: Values, service: string, fid: string, size: number): boolean {
  const read = (key: string) => decode(values.get(key) ?? NOTHING)
  const head = read(keys.head(fid)) as Head | null
  const record = read(keys.file(service, fid)) as FileRecord | null
  return (
    record?.writing?.some((one) => one.size === size) === true ||
    (values.has(keys.order(service, fid)) && head?.size === size)
  )
}

const NOTHING = encode(null)

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
