import type { Database } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import * as v from 'valibot'

/** A service that may be read in a folder. */
export interface Neighbour {
  readonly service: string
  readonly velocity: number
}

/** By folder: the services that have it and may be read. */
export type Topology = ReadonlyMap<string, readonly Neighbour[]>

const names = v.fallback(v.array(v.string()), [])
const options = v.fallback(v.looseObject({ velocity: v.optional(v.number()) }), {})
const folderOptions = v.fallback(v.looseObject({ mode: v.optional(v.picklist(['r', 'w', 'rw'])) }), {})
/** For a service whose options do not say. */
const DEFAULT_VELOCITY = 0.5

/** Reads from the setup which services have which folders. */
export async function readTopology(db: Database): Promise<Topology> {
  const services = v.parse(names, await db.get(keys.services, { default: [] }))
  const found = new Map<string, Neighbour[]>()
  for (const service of services) {
    const [folders, written] = await db.getMany([keys.serviceFolders(service), keys.serviceOptions(service)])
    const velocity = v.parse(options, written ?? {}).velocity ?? DEFAULT_VELOCITY
    for (const folder of v.parse(names, folders ?? [])) {
      const access = await db.get(keys.serviceFolderOptions(service, folder), { default: {} })
      if (v.parse(folderOptions, access).mode === 'w') continue
      found.set(folder, [...(found.get(folder) ?? []), { service, velocity }])
    }
  }
  return found
}
