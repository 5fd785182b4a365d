import { type Head, type IgnoredBy, type IgnoredFor, ignoredEvent } from '@onitu/protocol'
import { filterFile } from '../options/filter-file.ts'
import type { ServiceFolderOptions } from '../options/folder-options.ts'
import { letsIn, type Rule, servicesByRules } from '../options/rules.ts'
import { type Draft, isLive, orderOf } from './draft.ts'
import { holdsAnything } from './give-order.ts'
import { type Policy, servicesOf } from './policy.ts'

type File = Pick<Head, 'folder' | 'path' | 'kind' | 'size' | 'mimetype'>

const NO_RULES: readonly Rule[] = []

/**
 * The services that should have a live head: those that the rules name and those that hold the file already, where
 * their own options let it pass, and the one where it was made. `fromFid`: where holders hold it before a move. `previous`: the version before; who is
 * to have that may have it by now.
 */
export function targetsOf(draft: Draft, policy: Policy, head: Head, fromFid?: string, previous?: Head): string[] {
  const named = policy.rules === undefined ? undefined : servicesByRules(policy.rules, head)
  return servicesOf(policy, head.folder).flatMap(([service, options]) => {
    if (service === head.origin) return [service]
    const owns =
      holdsAnything(draft, service, head.fid) ||
      (fromFid !== undefined && holdsAnything(draft, service, fromFid)) ||
      (isLive(previous) && orderOf(draft, service, head.fid)?.version === previous.version)
    const wanted = (named?.has(service) ?? true) && letsIn(policy.serviceRules?.get(service) ?? NO_RULES, service, head)
    if (!wanted && !owns) return []
    return passesService(draft, service, options, head) ? [service] : []
  })
}

function passesService(draft: Draft, service: string, options: ServiceFolderOptions, head: Head): boolean {
  // Whether a read-only service can adopt the version without being written is for giveOrder to see.
  const why: IgnoredFor | undefined = options.mode === 'r' ? { reason: 'mode', mode: 'r' } : filterFile(options, head)
  if (why === undefined) return true
  notice(draft, 'service', why, service, head)
  return why.reason === 'mode'
}

/** Whether an observed file may enter the hub, by the options of its folder and of the service it was seen on. */
export function passesSource(draft: Draft, policy: Policy, service: string, file: File): boolean {
  const options = policy.services.get(service)?.get(file.folder)
  const folder = policy.folders.get(file.folder)
  if (options === undefined || folder === undefined) return false
  const byFolder = filterFile(folder, file)
  if (byFolder !== undefined) return refuse(draft, 'folder', byFolder, service, file)
  const bySource = filterFile(options, file)
  if (bySource !== undefined) return refuse(draft, 'source', bySource, service, file)
  return true
}

/** Whether what a service tells counts: one that is only written is never read. */
export function isHeard(
  draft: Draft,
  policy: Policy,
  service: string,
  file: Pick<File, 'folder' | 'path' | 'kind'>,
): boolean {
  if (policy.services.get(service)?.get(file.folder)?.mode !== 'w') return true
  return refuse(draft, 'source', { reason: 'mode', mode: 'w' }, service, file)
}

function refuse(
  draft: Draft,
  by: IgnoredBy,
  why: IgnoredFor,
  service: string,
  file: Pick<File, 'folder' | 'path' | 'kind'>,
): false {
  notice(draft, by, why, service, file)
  return false
}

function notice(
  draft: Draft,
  by: IgnoredBy,
  why: IgnoredFor,
  service: string,
  file: Pick<File, 'folder' | 'path' | 'kind'>,
): void {
  // People ask about files; a line for each directory would bury them.
  if (file.kind === 'directory') return
  draft.events.push(ignoredEvent(by, why, { service, folder: file.folder, path: file.path }))
}
