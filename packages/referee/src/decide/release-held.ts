import { type Head, type Kind, keys } from '@onitu/protocol'
import { type Draft, isLive, recordOf } from './draft.ts'
import { redirectOf } from './give-order.ts'
import { hasAgreed } from './lineage.ts'

/** A file may have been held and its path be a directory by now, or the reverse. */
const KINDS: readonly Kind[] = ['file', 'directory']

/** What is held of a service at a path is held no longer. */
export function release(
  draft: Pick<Draft, 'held'>,
  service: string,
  { folder, fid }: Pick<Head, 'folder' | 'fid'>,
): void {
  for (const kind of KINDS) draft.held.set(keys.held(service, folder, kind, fid), null)
}

/**
 * Held deletions of a file end when somebody makes a version that they have not seen: it is ordered at once, so the file lives on whether they
 * are approved or not. So they do when it is gone. A deletion of what waits to be moved elsewhere is about that, not about this head.
 */
export function releaseHeld(draft: Draft, head: Head): void {
  for (const [service, folders] of draft.holding) {
    if (!folders.has(head.folder) || redirectOf(draft, service, head.fid) !== undefined) continue
    const base = recordOf(draft, service, head.fid)?.version ?? 0
    if (isLive(head) && hasAgreed(draft, service, { base, redirected: false, ordered: true }, head)) continue
    release(draft, service, head)
  }
}
