import type { IgnoredFor, Kind } from '@onitu/protocol'
import type { Filter } from './folder-options.ts'

export interface Filtered {
  readonly kind: Kind
  readonly path: string
  readonly size: number
  readonly mimetype: string
}

/** Why a filter keeps a file out, or undefined when it lets it pass. */
export function filterFile(filter: Filter, file: Filtered): IgnoredFor | undefined {
  if (filter.blacklist?.(file.path)) return { reason: 'blacklisted' }
  if (filter.whitelist !== undefined && !filter.whitelist(file.path)) return { reason: 'not_whitelisted' }
  if (file.kind === 'directory') return filterDirectory(filter)
  if (filter.mimetypes !== undefined && !filter.mimetypes(file.mimetype)) {
    return { reason: 'mimetype', mimetype: file.mimetype }
  }
  if (filter.minSize !== undefined && file.size < filter.minSize) return { reason: 'size', size: file.size }
  if (filter.maxSize !== undefined && file.size > filter.maxSize) return { reason: 'size', size: file.size }
  return undefined
}

// A folder that wants certain types only is about files: it gets the directories that hold them, and no empty others.
function filterDirectory(filter: Filter): IgnoredFor | undefined {
  return filter.mimetypes === undefined ? undefined : { reason: 'mimetype', mimetype: 'inode/directory' }
}
