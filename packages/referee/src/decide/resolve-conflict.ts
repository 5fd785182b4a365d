import { type Head, OnituError, type RefereeRequest } from '@onitu/protocol'
import { haveMoved, placesOf } from './decide-move.ts'
import { createDraft, type Decision, type Draft, headOf, isLive, type Situation } from './draft.ts'
import { newTombstone, newVersion } from './new-version.ts'
import { modeOf, type Policy } from './policy.ts'

export type ResolveRequest = Extract<RefereeRequest, { type: 'resolve' }>

/**
 * Ends a conflict: with one content at the path and the others deleted, or with everything as it is. Pure. Whatever somebody
 * did to one of the files and is not decided yet was done without having seen this, and is decided as such.
 * @throws OnituError `CONFLICT_CHANGED` when a file is not what it was when somebody chose, `IS_DIRECTORY`
 */
export function resolveConflict(situation: Situation, { original, copies, keep }: ResolveRequest): Decision {
  const draft = createDraft(situation)
  const { policy } = situation
  const path = unchanged(draft, original)
  const found = copies.map((copy) => unchanged(draft, copy))
  const kept = found.find(({ fid }) => fid === keep?.fid)
  if (keep !== null && kept === undefined && (keep.fid !== path.fid || !isLive(path))) throw changed(path)
  if (kept !== undefined) moveOver(draft, policy, kept, path)
  for (const copy of found) {
    if (keep !== null && copy !== kept && isLive(copy)) newTombstone(draft, policy, (kept ?? path).origin, copy)
    draft.conflicts.set(copy.fid, null)
  }
  const copyPaths = found.map((copy) => copy.path)
  draft.events.push({
    type: 'conflict_resolved',
    folder: path.folder,
    path: path.path,
    copyPaths,
    keep: keep?.service ?? null,
  })
  return draft
}

/** The copy takes the place of what is at the path: as if somebody who had seen both had moved it there. */
function moveOver(draft: Draft, policy: Policy, copy: Head, path: Head): void {
  if (!isLive(copy)) throw changed(copy)
  if (isLive(path) && path.kind === 'directory') {
    throw new OnituError(
      'IS_DIRECTORY',
      `${named(path)} is a directory now, which a file cannot take the place of; move '${copy.path}' where you want it, or delete it`,
    )
  }
  const places = placesOf(draft, policy, copy)
  const origin = authorOf(policy, copy, places)
  const content = { ...copy, path: path.path, folder: path.folder }
  const to = newVersion(draft, policy, origin, content, {
    parents: [path.version, copy.version],
    movedFrom: copy.fid,
  })
  newTombstone(draft, policy, origin, copy, to.fid)
  haveMoved(draft, policy, copy, to, places)
}

/**
 * What the author of a head reports about its path counts as done on top of it (see lineage.ts). So it has to be a service
 * that holds this content, and not perhaps an edit of what was at the path before.
 */
function authorOf(policy: Policy, copy: Head, places: ReturnType<typeof placesOf>): string {
  const holders = places.map(([service]) => service)
  const isOwn = holders.includes(copy.origin) || modeOf(policy, copy.origin, copy.folder) === 'r'
  return isOwn ? copy.origin : (holders[0] ?? copy.origin)
}

function unchanged(draft: Draft, { fid, version }: ResolveRequest['original']): Head {
  const head = headOf(draft, fid)
  if (head === undefined) throw new OnituError('CONFLICT_CHANGED', `There is no file ${fid} any more; nothing was done`)
  if (head.version !== version) throw changed(head)
  return head
}

function changed(head: Head): OnituError {
  const what = head.deleted ? 'was deleted or moved' : 'was changed'
  return new OnituError(
    'CONFLICT_CHANGED',
    `${named(head)} ${what} at this moment, so nothing was done; look at \`onitu conflicts\` and decide again`,
  )
}

function named({ path, folder }: Head): string {
  return `'${path}' in folder ${folder}`
}
