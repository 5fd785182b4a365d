import type { Database } from '@onitu/escalator'
import { contentHash, encode, keys } from '@onitu/protocol'
import type { Policy } from './decide/policy.ts'
import { parseFolderOptions, parseServiceFolderOptions, type ServiceFolderOptions } from './options/folder-options.ts'
import { parseRules, type Rule } from './options/rules.ts'

export interface LoadedPolicy {
  readonly policy: Policy
  /** Changes whenever a decision could come out differently. */
  readonly digest: string
}

/** Reads the part of the setup that decisions depend on, as the launcher wrote it. */
export async function loadPolicy(db: Database): Promise<LoadedPolicy> {
  const written: unknown[] = []
  const keep = <T>(value: T): T => {
    written.push(value)
    return value
  }
  const rules = keep(await db.get<unknown, undefined>(keys.rules, { default: undefined }))
  const folders = keep(await db.range({ prefix: keys.folderPrefix }).all())
  const names = keep(await db.get<string[], string[]>(keys.services, { default: [] }))
  const services = new Map<string, ReadonlyMap<string, ServiceFolderOptions>>()
  const own = keep(await db.getMany(names.map((service) => keys.serviceRules(service))))
  const serviceRules = new Map(names.flatMap((service, index) => rulesEntry(service, parseRules(own[index]))))
  for (const service of names) {
    const mapped = await db.get<string[], string[]>(keys.serviceFolders(service), { default: [] })
    const options = keep(await db.getMany(mapped.map((folder) => keys.serviceFolderOptions(service, folder))))
    services.set(
      service,
      new Map(keep(mapped).map((folder, index) => [folder, parseServiceFolderOptions(options[index])])),
    )
  }
  const policy: Policy = {
    rules: parseRules(rules),
    folders: new Map(
      folders.map(([key, options]) => [key.slice(keys.folderPrefix.length), parseFolderOptions(options)]),
    ),
    services,
    serviceRules,
  }
  // What is absent is undefined here and null once it was stored: both mean the same.
  return { policy, digest: contentHash(encode(written.map((value) => value ?? null))) }
}

function rulesEntry(service: string, rules: readonly Rule[] | undefined): [string, readonly Rule[]][] {
  return rules === undefined ? [] : [[service, rules]]
}
