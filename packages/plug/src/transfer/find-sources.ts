import { fileRecordSchema, type Head, keys, parseRecord } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { Source } from './source.ts'
import type { Topology } from './topology.ts'

/**
 * The services that hold the content of a head, under its own file id or under one that it was moved from: by the order (here it
 * was not yet) or by the head (on a service that cannot be told to move it).
 */
export async function findSources(
  engine: Engine,
  topology: Topology,
  head: Head,
  movedFrom: string | undefined,
): Promise<Source[]> {
  const fids = [...new Set([head.fid, movedFrom, head.movedFrom])].filter((fid) => fid !== undefined)
  const candidates = [...topology].flatMap(([folder, neighbours]) =>
    // A file may have been moved here from another folder.
    folder === head.folder || fids.length > 1
      ? neighbours.flatMap(({ service, velocity }) =>
          fids
            .filter((fid) => service !== engine.service || fid !== head.fid)
            .map((fid) => ({ service, velocity, fid })),
        )
      : [],
  )
  const names = candidates.map(({ service, fid }) => keys.file(service, fid))
  const values = await engine.db.getMany(names)
  const seen = new Set<string>()
  return candidates.filter(({ service }, at) => {
    const value = values[at]
    if (value === undefined || seen.has(service)) return false
    const record = parseRecord(fileRecordSchema, value, names[at] ?? '')
    const holds = record.token !== null && record.kind === 'file' && record.hash === head.hash
    if (holds) seen.add(service)
    return holds
  })
}
