import type { ConflictPolicy, FolderOptions, Mode, ServiceFolderOptions } from '../options/folder-options.ts'
import type { Rule } from '../options/rules.ts'

/** The part of the setup that decisions depend on. */
export interface Policy {
  readonly folders: ReadonlyMap<string, FolderOptions>
  /** By service, then by folder: only the folders that the service maps. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, ServiceFolderOptions>>
  /** Undefined: every folder goes to every service that maps it. */
  readonly rules: readonly Rule[] | undefined
  /** Rules of single services (clients of Majordomo): they take away from what `rules` give that service. Absent: nothing. */
  readonly serviceRules?: ReadonlyMap<string, readonly Rule[]>
}

/** The services that map a folder, with their options for it, in the order of the setup. */
export function servicesOf(policy: Policy, folder: string): [string, ServiceFolderOptions][] {
  return [...policy.services].flatMap(([service, folders]) => {
    const options = folders.get(folder)
    return options === undefined ? [] : [[service, options]]
  })
}

export function modeOf(policy: Policy, service: string, folder: string): Mode | undefined {
  return policy.services.get(service)?.get(folder)?.mode
}

export function conflictPolicyOf(policy: Policy, folder: string): ConflictPolicy {
  return policy.folders.get(folder)?.conflict ?? 'newest'
}
