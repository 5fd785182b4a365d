import { fileId, type Head } from '@onitu/protocol'
import { arrivingWins } from './conflict-copy.ts'
import { moveArrivingAside, moveHeadAside } from './decide-conflict.ts'
import { decideDeletion, deleteKeptParents } from './decide-deletion.ts'
import { goBackFromMoved } from './decide-kept-out.ts'
import { type Draft, headOf, isLive, liveBelow, orderOf, recordOf } from './draft.ts'
import { endPendingMove, giveOrder, holdsAnything } from './give-order.ts'
import {
  type Basis,
  hasAgreed,
  hasSeen,
  isPutBack,
  isShownAs,
  unnotedVersion,
  wasContent,
  wasRenamedBefore,
} from './lineage.ts'
import { type Content, ensureParents, newVersion, say } from './new-version.ts'
import { conflictPolicyOf, modeOf, type Policy } from './policy.ts'

export interface Update extends Basis {
  readonly service: string
  readonly content: Content
  /** The fid that the content was moved from in the same transition. */
  readonly movedFrom?: string
  /** A user moved it here, so it is not an older version of what was here. */
  readonly isMoved?: true
  /** The fid at which the service still holds the content, where others may fetch it. */
  readonly heldAt?: string
}

/** Decides on a content that a service holds at a path, and gives the head under which that content now lives. */
export function decideUpdate(draft: Draft, policy: Policy, update: Update): Head {
  const { service, content } = update
  const head = headOf(draft, fileId(content.folder, content.path))
  if (!isLive(head)) return decideNew(draft, policy, update, head)
  if (head.kind === content.kind && head.hash === content.hash) return decideSame(draft, policy, update, head)
  if (head.kind === 'directory' && isLeftOver(draft, update, head.fid)) return keepHead(draft, policy, update, head)
  const below = head.kind === 'directory' ? liveBelow(draft, head.folder, head.path) : []
  if (
    isGuarded(draft, policy, update, below) ||
    isBeside(draft, update, below) ||
    !hasSeen(draft, service, update, head) ||
    !below.every((child) => hasSeenChild(draft, service, child))
  ) {
    return isOlder(draft, update, head.fid)
      ? keepHead(draft, policy, update, head)
      : decideConflict(draft, policy, update, head)
  }
  // Where a file is now there is nothing below: what was, was deleted, even if that was not reported yet.
  for (const child of below)
    decideDeletion(draft, policy, service, child.fid, { base: child.version, redirected: false }, head.fid)
  return accept(draft, policy, update, [head.version])
}

/** A directory keeps its name, and its files, while deletions are held, and when there would be too many at once. */
function isGuarded(draft: Draft, policy: Policy, update: Update, below: readonly Head[]): boolean {
  const { service, content } = update
  const { folder } = content
  const limit = policy.folders.get(folder)?.deletionLimit
  if (below.length > 0 && draft.holding.get(service)?.has(folder) === true) return true
  return limit !== undefined && below.filter(({ kind }) => kind === 'file').length > limit.files
}

/** Where there are no directories, a file is together with what is below its name. */
function isBeside(draft: Draft, { service, flat }: Update, below: readonly Head[]): boolean {
  return flat === true && below.some(({ fid, kind }) => kind === 'file' && holdsAnything(draft, service, fid))
}

/**
 * What came to live below a directory without a service having had it was not there for whoever put a file in its place. Directories that the hub made for a file of
 * a service without directories are its own.
 */
function hasSeenChild(draft: Draft, service: string, child: Head): boolean {
  const record = recordOf(draft, service, child.fid)
  if (record === undefined) return child.kind === 'directory' && child.origin === service
  return hasSeen(draft, service, { base: record.version, redirected: false }, child)
}

function decideNew(draft: Draft, policy: Policy, update: Update, tombstone: Head | undefined): Head {
  const isGone = tombstone !== undefined && update.isMoved !== true
  if (isGone && (onlyAttributesChanged(update, tombstone) || isOlder(draft, update, tombstone.fid))) {
    return keepHead(draft, policy, update, tombstone)
  }
  if (tombstone !== undefined && modeOf(policy, update.service, update.content.folder) === 'r') {
    goBackFromMoved(draft, policy, update.service, tombstone)
  }
  ensureParents(draft, policy, update.service, update.content, (file) => {
    if (file.fid !== update.movedFrom) moveHeadAside(draft, policy, file, update.service)
  })
  return accept(draft, policy, asBefore(update, tombstone), [tombstone?.version ?? 0, update.base])
}

/** What was deleted, as it seemed, and is there after all has its time and mode: those that it shows may be the driver's. */
function asBefore(update: Update, tombstone: Head | undefined): Update {
  const { content, ordered } = update
  if (ordered !== true || tombstone?.hash !== content.hash) return update
  return { ...update, content: { ...content, mtime: tombstone.mtime, mode: tombstone.mode } }
}

/** What the service has is older than the head, and gives way to it. */
function keepHead(draft: Draft, policy: Policy, { service, content, heldAt }: Update, head: Head): Head {
  giveOrder(draft, policy, service, head, { replaces: content.hash })
  const held = heldAt === undefined ? undefined : headOf(draft, heldAt)
  if (held !== undefined) giveOrder(draft, policy, service, held, { replaces: content.hash })
  // It may have kept its directories from being deleted.
  if (head.deleted) deleteKeptParents(draft, policy, service, head)
  return head
}

/** Nobody changed anything: the service has what it had agreed on, or what it was ordered to have and did not note down, or what is to give way. */
function isOlder(draft: Draft, update: Update, fid: string): boolean {
  if (update.isMoved === true) return false
  return olderVersion(draft, update, fid) !== undefined || (!isPutBack(update) && isToGiveWay(draft, update, fid))
}

/**
 * Without a look at what it has there, a service without directories agrees to each of them. What it was ordered to have before, and did not note down, may be there; but nothing that is as
 * old as what it is known to have had no more: somebody has put that there again.
 */
function isLeftOver(draft: Draft, update: Update, fid: string): boolean {
  const { service, emptyAt, unnotedUntil, flat, content } = update
  if (emptyAt === undefined || flat !== true) return false
  const version = unnotedVersion(draft, service, fid, emptyAt, content, unnotedUntil)
  return version !== undefined || isToGiveWay(draft, update, fid)
}

/** The version that the content is, if the service had agreed on it, or was ordered to have it and did not note that down. */
export function olderVersion(draft: Draft, update: Update, fid: string): number | undefined {
  const { service, base, redirected, content, heldAt } = update
  if (redirected) return heldAt !== undefined && wasContent(draft, heldAt, base, content) ? base : undefined
  if (wasRenamedBefore(draft, service, update, fid)) return undefined
  const isBack = isPutBack(update)
  if (!isBack && !isOwn(draft, update, fid) && wasContent(draft, fid, base, content)) return base
  const unnoted = unnotedVersion(draft, service, fid, base, content)
  // A version that it made itself was not put there for an order: its user has brought it back.
  return isBack && unnoted?.origin === service ? undefined : unnoted?.version
}

/**
 * A deletion that the same service told of may have been the first half of a rename by its own driver, and this the second: it is no proof
 * against it.
 */
function isOwn(draft: Draft, { service, ordered = false }: Update, fid: string): boolean {
  const head = headOf(draft, fid)
  return head?.origin === service && (!ordered || head.deleted)
}

/** It was considered already, and is there only until the order is carried out. */
function isToGiveWay(draft: Draft, update: Update, fid: string): boolean {
  const { service, redirected, content } = update
  if (redirected || isOwn(draft, update, fid) || content.kind !== 'file') return false
  return orderOf(draft, service, fid)?.replaces === content.hash
}

/** Equal content makes no version (this also ends echoes), unless its attributes were changed by someone who had seen it. */
function decideSame(draft: Draft, policy: Policy, update: Update, head: Head): Head {
  const { service, content } = update
  if (!update.redirected) endPendingMove(draft, service, head)
  const differs = attributesDiffer(head, content)
  if (!differs || update.ordered === true || !hasAgreed(draft, service, update, head)) {
    // A service that was killed between writing a file and noting it down may have it with older attributes, or those of whatever the driver puts there.
    giveOrder(draft, policy, service, head, { seen: true, ...(differs && { attributes: true }) })
    return head
  }
  const attributes = { mtime: content.mtime ?? head.mtime, mode: content.mode ?? head.mode }
  const next = newVersion(
    draft,
    policy,
    service,
    { ...content, ...attributes },
    {
      parents: [head.version],
      // What it still has to move here it may be about to have with those from before.
      orderFor: (target) => (target === service && !update.redirected ? {} : { attributes: true }),
    },
  )
  sayUpdated(draft, update, next)
  return next
}

function decideConflict(draft: Draft, policy: Policy, update: Update, head: Head): Head {
  const { service, content } = update
  const arriving = { ...content, origin: service }
  if (!arrivingWins(conflictPolicyOf(policy, head.folder), head, arriving)) {
    const copy = moveArrivingAside(draft, policy, update, head)
    sayUpdated(draft, update, copy)
    return copy
  }
  moveHeadAside(draft, policy, head, service, update.redirected ? service : undefined)
  return accept(draft, policy, update, [head.version, update.base])
}

function accept(draft: Draft, policy: Policy, update: Update, parents: readonly number[]): Head {
  const { service, content } = update
  const movedFrom = update.movedFrom ?? update.heldAt
  const next = newVersion(draft, policy, service, content, {
    parents: [...new Set(parents)],
    ...(movedFrom !== undefined && { movedFrom }),
  })
  sayUpdated(draft, update, next)
  return next
}

function sayUpdated(draft: Draft, update: Update, head: Head): void {
  if (update.movedFrom !== undefined) return
  say(draft, head.kind, { type: 'file_updated', service: update.service, folder: head.folder, path: head.path })
}

/** What was deleted is still the same content here, with another time or mode: the deletion stands. */
function onlyAttributesChanged(update: Update, tombstone: Head): boolean {
  const { service, base, content } = update
  if (isPutBack(update)) return false
  // Who deleted it has put it there again since: its observations are in order.
  if (tombstone.origin === service) return false
  return tombstone.parents.includes(base) && tombstone.kind === content.kind && tombstone.hash === content.hash
}

function attributesDiffer(head: Head, content: Content): boolean {
  const otherTime = content.mtime !== null && head.mtime !== null && !isShownAs(head.mtime, content.mtime)
  const otherMode = content.mode !== null && head.mode !== null && content.mode !== head.mode
  return otherTime || otherMode || (content.mode !== null && head.mode === null)
}
