import type { CallOptions, Database } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import type { HeldDeletions } from './held-deletions.ts'

/** What is held of each service in each folder; those without are left out. */
export async function readHeld(
  database: Database,
  services: Iterable<string>,
  options: CallOptions,
): Promise<HeldDeletions[]> {
  const all = await Promise.all([...services].map((service) => readHeldOf(database, service, options)))
  return all.flat()
}

/** Files and directories are told apart by the keys: there may be very many, and their values are long. */
async function readHeldOf(database: Database, service: string, options: CallOptions): Promise<HeldDeletions[]> {
  const prefix = keys.heldPrefix(service)
  const counts = new Map<string, { files: number; directories: number }>()
  for await (const key of database.keys({ prefix, ...options })) {
    const [folder = '', kind] = key.slice(prefix.length).split(':')
    const count = counts.get(folder) ?? { files: 0, directories: 0 }
    if (kind === 'file') count.files++
    else count.directories++
    counts.set(folder, count)
  }
  return [...counts].map(([folder, count]) => ({ service, folder, ...count }))
}
