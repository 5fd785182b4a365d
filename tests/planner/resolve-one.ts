import { type Head, isOnituError } from '@onitu/protocol'
import { type ResolveRequest, resolveConflict } from '../../packages/referee/src/decide/resolve-conflict.ts'
import { decideWith, fileOf, type ModelHub } from './model-hub.ts'
import { hashOfContent } from './model-service.ts'

const CHOICES = ['path', 'copy', 'both'] as const

/** A user ends one of the conflicts, having seen the heads of both files. */
export function resolveOne(hub: ModelHub, conflict: number, keep: number): void {
  const entries = [...hub.conflicts]
  const [fid, found] = entries[conflict % Math.max(1, entries.length)] ?? []
  if (fid === undefined || found === undefined) return
  const copy = fileOf(hub, fid).head
  const original = follow(hub, found.fid)
  if (copy === undefined || original === undefined) return
  const choice = CHOICES[keep % CHOICES.length] ?? 'both'
  const kept = { path: original, copy, both: undefined }[choice]
  const request: ResolveRequest = {
    type: 'resolve',
    original: seen(original),
    copies: [seen(copy)],
    keep: kept === undefined ? null : { fid: kept.fid, service: kept.origin },
  }
  hub.log.push(`resolve ${original.path} and ${copy.path} by keeping ${choice}`)
  try {
    decideWith(hub, (situation) => resolveConflict(situation, request))
  } catch (error) {
    if (!isOnituError(error)) throw error
    hub.log.push(`  refused: ${error.code}`)
    return
  }
  if (kept !== undefined) for (const head of [original, copy]) if (head !== kept) giveUp(hub, head)
}

/** Where the file of a conflict is now. */
function follow(hub: ModelHub, fid: string): Head | undefined {
  const first = fileOf(hub, fid).head
  const passed = new Set<string>()
  for (let head = first; head?.deleted && head.movedTo !== undefined && !passed.has(head.fid); ) {
    passed.add(head.fid)
    head = fileOf(hub, head.movedTo).head
    if (head?.deleted === false) return head
  }
  return first
}

function giveUp({ ledger }: ModelHub, { hash }: Head): void {
  for (const content of ledger.written) if (hashOfContent(content) === hash) ledger.replaced.add(content)
}

function seen({ fid, version }: Head): ResolveRequest['original'] {
  return { fid, version }
}
