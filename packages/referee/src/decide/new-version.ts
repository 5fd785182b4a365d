import { fileId, type Head, mimetypeOf, type NewEvent, type Order } from '@onitu/protocol'
import { isConflictPath } from './conflict-copy.ts'
import { type Draft, headOf, isLive, nextVersion, orderOf, removeOrder } from './draft.ts'
import { giveOrder, hasContent, holdsAnything, redirectOf, supersede } from './give-order.ts'
import { type Policy, servicesOf } from './policy.ts'
import { releaseHeld } from './release-held.ts'
import { targetsOf } from './targets.ts'

/** What a content looks like from outside, and where it is. */
export type Content = Pick<Head, 'folder' | 'path' | 'kind' | 'size' | 'hash' | 'mtime' | 'mode'>

export interface VersionOptions {
  readonly parents: readonly number[]
  readonly movedFrom?: string
  /** What the orders of single services say besides the version. */
  readonly orderFor?: (service: string) => Omit<Order, 'version'>
}

/** Makes a live head and gives orders to everyone who should have it. */
export function newVersion(
  draft: Draft,
  policy: Policy,
  origin: string,
  content: Content,
  options: VersionOptions,
): Head {
  const { folder, path, kind, size, hash, mtime, mode } = content
  const head: Head = {
    fid: fileId(folder, path),
    folder,
    path,
    kind,
    size,
    hash,
    mtime,
    mode,
    version: nextVersion(draft),
    mimetype: mimetypeOf(path),
    origin,
    deleted: false,
    parents: options.parents.filter((version) => version > 0),
    ...(options.movedFrom !== undefined && { movedFrom: options.movedFrom }),
  }
  const previous = headOf(draft, head.fid)
  draft.heads.set(head.fid, head)
  const targets = new Set(targetsOf(draft, policy, head, options.movedFrom, previous))
  for (const [service] of servicesOf(policy, head.folder)) {
    // An order for a version that is no longer the head could never be carried out; one that says where what is here belongs
    // has to stay, though, or what is observed about that would be taken for something about this head.
    if (targets.has(service) || redirectOf(draft, service, head.fid) !== undefined)
      giveOrder(draft, policy, service, head, {
        ...supersede(draft, service, previous),
        // It came back to where it is still, with another time perhaps.
        ...(service !== origin && hasContent(draft, service, head) && { attributes: true }),
        ...options.orderFor?.(service),
      })
    else removeOrder(draft, service, head.fid)
  }
  releaseHeld(draft, head)
  return head
}

/** Makes a tombstone and gives orders to everyone who holds the file or was to get it. */
export function newTombstone(draft: Draft, policy: Policy, origin: string, dead: Head, movedTo?: string): Head {
  const { movedFrom: _, movedTo: __, ...rest } = dead
  const head: Head = {
    ...rest,
    version: nextVersion(draft),
    origin,
    deleted: true,
    parents: [dead.version],
    ...(movedTo !== undefined && { movedTo }),
  }
  draft.heads.set(head.fid, head)
  for (const [service] of servicesOf(policy, head.folder)) {
    const concerned = service === origin || holdsAnything(draft, service, head.fid) || orderOf(draft, service, head.fid)
    if (concerned) giveOrder(draft, policy, service, head, supersede(draft, service, dead))
  }
  releaseHeld(draft, head)
  if (isConflictPath(head.path)) draft.conflicts.set(head.fid, null)
  return head
}

/**
 * Every live entry has live directories above it. So a file that stands where a directory is needed shows itself here,
 * at the first parent that is no live directory, and no search below is needed when a new file comes.
 */
export function ensureParents(
  draft: Draft,
  policy: Policy,
  origin: string,
  content: Pick<Content, 'folder' | 'path'>,
  clearWay: (file: Head) => void,
): void {
  const slash = content.path.lastIndexOf('/')
  if (slash === -1) return
  const path = content.path.slice(0, slash)
  const parent = headOf(draft, fileId(content.folder, path))
  if (isLive(parent) && parent.kind === 'directory') return
  ensureParents(draft, policy, origin, { folder: content.folder, path }, clearWay)
  if (isLive(parent)) clearWay(parent)
  newVersion(draft, policy, origin, directory(content.folder, path), { parents: [parent?.version ?? 0] })
}

/** sha256 of nothing: the hash of every directory. */
const DIRECTORY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function directory(folder: string, path: string): Content {
  return { folder, path, kind: 'directory', size: 0, hash: DIRECTORY_HASH, mtime: null, mode: null }
}

export function say(draft: Draft, kind: Head['kind'], event: NewEvent): void {
  if (kind === 'file') draft.events.push(event)
}
