import type { Head } from '@onitu/protocol'
import { type Draft, headOf, orderOf } from './draft.ts'
import { pendingMoveFrom } from './give-order.ts'
import type { Content } from './new-version.ts'

/** What an observation is built on. */
export interface Basis {
  /** The version that the service had agreed on (0: none). */
  readonly base: number
  /** The observation is about what the service holds elsewhere and still has to move here. */
  readonly redirected: boolean
  /** No user did it: it was put there for the base. So it was not made on top of what the same service has made since. */
  readonly ordered?: boolean
  /** It was put there by renaming it: see `wasRenamedBefore`. */
  readonly renamed?: boolean
  /** The service has no directories: what it had below a file's name it may have still. */
  readonly flat?: boolean
  /** The version at which the service is known to have had nothing here: the base, or an older one where it agreed on later ones without a look. */
  readonly emptyAt?: number | undefined
  /** Nothing that is younger than this version was put there without being noted. */
  readonly unnotedUntil?: number | undefined
}

/** What it had agreed on was taken away from there, so somebody has put this there since, though it may be the same. */
export function isPutBack({ base, emptyAt, ordered }: Basis): boolean {
  return ordered !== true && emptyAt !== undefined && emptyAt >= base
}

/**
 * Whether whoever made an observation had seen what the head holds, so that the observation may replace it: see `hasAgreed`; or the
 * service has reported the same content by itself (`seen` in its order), and did not hear yet that it is the head's.
 */
export function hasSeen(draft: Draft, service: string, basis: Basis, head: Head): boolean {
  const order = orderOf(draft, service, head.fid)
  const hasReported =
    order?.seen === true && order.version === head.version && !isElsewhere(draft, service, basis, head)
  return hasReported || hasAgreed(draft, service, basis, head)
}

/**
 * - Its base is the head.
 * - The head was made by the same service: observations of one service are in order, so it made the later one on top of
 *   the earlier, even if the acknowledgement had not reached it when it wrote the later one down. That does not hold for
 *   another file that it has at the path while the content of the head still waits elsewhere to be moved here.
 * - Since its base only attributes changed: the content is the one it had seen. Not where that was taken away from there meanwhile.
 */
export function hasAgreed(draft: Draft, service: string, basis: Basis, head: Head): boolean {
  const { base, ordered = false } = basis
  if (base >= head.version) return true
  if (head.origin === service && !ordered && !isElsewhere(draft, service, basis, head)) return true
  if (base === 0 || head.deleted || isPutBack(basis)) return false
  const seen = draft.view.version(head.fid, base)
  return seen !== undefined && !seen.deleted && seen.kind === head.kind && seen.hash === head.hash
}

/** Whether a version of a file (0: none) had this content. */
export function wasContent(
  draft: Draft,
  fid: string,
  version: number,
  { kind, hash }: Pick<Content, 'kind' | 'hash'>,
): boolean {
  const found = version === 0 ? undefined : draft.view.version(fid, version)
  return found?.deleted === false && found.kind === kind && found.hash === hash
}

function isElsewhere(draft: Draft, service: string, { redirected }: Basis, head: Head): boolean {
  return !redirected && pendingMoveFrom(draft, service, head.fid) !== undefined
}

/** Services cut times off to seconds, or to two. */
const COARSEST_TIME = 2_000

/**
 * The version that a service holds at a path without having noted it down: its driver wrote it, or renamed it there, for an
 * order, and its Plug was killed before the commit. It is known by content and time, since a driver sets the time of the version and
 * a user who writes the same gets another. So this is no change that anybody made, however old it is by now. `until`: not one that is younger.
 */
export function unnotedVersion(
  draft: Draft,
  service: string,
  fid: string,
  base: number,
  content: Content,
  until = Number.POSITIVE_INFINITY,
): Head | undefined {
  const head = headOf(draft, fid)
  if (head === undefined || head.version <= base || content.kind !== 'file') return undefined
  const since = versionsSince(draft, head, base)
  const found = since.findLastIndex((one) => !one.deleted && one.version <= until && isWritten(one, content))
  // Its observations are in order: what it made or deleted after that version it has done before this.
  const isOlder = since.slice(found + 1).some(({ origin }) => origin === service)
  return isOlder ? undefined : since[found]
}

/**
 * A rename takes what is at the old place. So it was done before the same service made anything at the new one by what was taken for an edit at the old one, and
 * that was another file: what was renamed is not older than it. What was written for an order may be.
 */
export function wasRenamedBefore(draft: Draft, service: string, { base, renamed }: Basis, fid: string): boolean {
  const head = headOf(draft, fid)
  if (renamed !== true || head === undefined) return false
  return versionsSince(draft, head, base).some(({ origin }) => origin === service)
}

/** The oldest first. */
function versionsSince(draft: Draft, head: Head, base: number): Head[] {
  const stored = draft.view.history(head.fid)
  const isNew = head.version > (stored.at(-1)?.version ?? 0)
  return (isNew ? [...stored, head] : stored).filter(({ version }) => version > base)
}

function isWritten(version: Head, { kind, hash, mtime }: Content): boolean {
  if (version.kind !== kind || version.hash !== hash || version.mtime === null || mtime === null) return false
  return isShownAs(version.mtime, mtime)
}

/** Whether a time (ms) is what a service may show that was told to set another. */
export function isShownAs(set: number, shown: number): boolean {
  const cut = set - shown
  return Math.abs(cut) < 0.001 || (Number.isInteger(shown / 1000) && cut > 0 && cut < COARSEST_TIME)
}
