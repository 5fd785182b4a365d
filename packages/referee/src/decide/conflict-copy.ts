import { fileId, type Head } from '@onitu/protocol'
import type { ConflictPolicy } from '../options/folder-options.ts'
import { type Draft, headOf, isLive, orderOf } from './draft.ts'
import { holdsAnything } from './give-order.ts'
import { servicesOf } from './policy.ts'

/** One side of a conflict. */
export type Side = Pick<Head, 'kind' | 'mtime' | 'size' | 'origin'>

/** What stands between the name and its extension in the name of a copy; by it, copies are recognised. */
const MARK = ' (conflict of '
const MAX_SEGMENT_BYTES = 255

/**
 * Whether the content that arrives now keeps the path. A directory always does: it may hold files that a rename would
 * drag along. On equal terms the one that came first keeps it, for it may have reached other services already.
 */
export function arrivingWins(policy: ConflictPolicy, held: Side, arriving: Side): boolean {
  if (held.kind !== arriving.kind) return arriving.kind === 'directory'
  if (policy === 'oldest') return (arriving.mtime ?? 0) < (held.mtime ?? 0)
  if (policy === 'largest') return arriving.size > held.size
  if (policy === 'newest') return (arriving.mtime ?? 0) > (held.mtime ?? 0)
  return rank(policy, arriving.origin) < rank(policy, held.origin)
}

function rank(services: readonly string[], service: string): number {
  const index = services.indexOf(service)
  return index === -1 ? services.length : index
}

/** The first name `NAME (conflict of SERVICE, DATE).EXT` in the same directory that is free. */
export function conflictPath(draft: Draft, folder: string, path: string, loser: string, mtime: number | null): string {
  const date = new Date(mtime ?? draft.now).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-')
  for (let count = 1; ; count++) {
    const candidate = withSuffix(path, `${MARK}${loser}, ${date}${count === 1 ? '' : ` ${count}`})`)
    if (isFree(draft, folder, candidate)) return candidate
  }
}

/** What a former copy of that name left on a service may still have to be moved away from there: two moves would wait for each other. */
function isFree(draft: Draft, folder: string, path: string): boolean {
  const fid = fileId(folder, path)
  if (isLive(headOf(draft, fid))) return false
  return servicesOf(draft.policy, folder).every(
    ([service]) => !holdsAnything(draft, service, fid) && orderOf(draft, service, fid) === undefined,
  )
}

export function isConflictPath(path: string): boolean {
  return path.includes(MARK)
}

function withSuffix(path: string, suffix: string): string {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const room = MAX_SEGMENT_BYTES - Buffer.byteLength(suffix) - Buffer.byteLength(extension)
  return `${path.slice(0, slash)}${cut(stem, room)}${suffix}${extension}`
}

/** At most so many bytes of a text, without cutting a character in two. */
function cut(text: string, bytes: number): string {
  let result = text
  while (Buffer.byteLength(result) > Math.max(bytes, 1)) result = [...result].slice(0, -1).join('')
  return result
}
