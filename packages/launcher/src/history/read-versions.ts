import type { CallOptions, Database } from '@onitu/escalator'
import { type Head, headSchema, keys, parseRecord } from '@onitu/protocol'

/**
 * Every version of the file at a path, the newest first; where one was moved here, also those that it had before under its
 * other name.
 */
export async function readVersions(database: Database, fid: string, options: CallOptions): Promise<Head[]> {
  const found = new Map<number, Head>()
  const looked = new Map<string, number>()
  const todo = [{ fid, before: Number.POSITIVE_INFINITY }]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { before } = next
    if ((looked.get(next.fid) ?? 0) >= before) continue
    looked.set(next.fid, before)
    for await (const [key, value] of database.range({ prefix: keys.versionPrefix(next.fid), ...options })) {
      const head = parseRecord(headSchema, value, key)
      // That it left its old name is told by the version that has the new one.
      if (head.version >= before || (head.fid !== fid && head.movedTo !== undefined)) continue
      found.set(head.version, head)
      if (head.movedFrom !== undefined) todo.push({ fid: head.movedFrom, before: head.version })
    }
  }
  return [...found.values()].sort((a, b) => b.version - a.version)
}
