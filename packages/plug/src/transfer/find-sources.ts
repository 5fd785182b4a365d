import { fileRecordSchema, type Head, keys, parseRecord } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { Source } from './source.ts'
import type { Topology } from './topology.ts'

/** The services that hold the content of a head, under its own file id or under the one that it was moved from. */
export async function findSources(
  engine: Engine,
  topology: Topology,
  head: Head,
  movedFrom: string | undefined,
): Promise<Source[]> {
  const fids = movedFrom === undefined ? [head.fid] : [head.fid, movedFrom]
  const candidates = [...topology].flatMap(([folder, neighbours]) =>
    // A file may have been moved here from another folder.
    folder === head.folder || movedFrom !== undefined
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
