import type { Database } from '@onitu/escalator'
import {
  fileId,
  type HeldDeletion,
  heldDeletionSchema,
  type Kind,
  keys,
  parseRecord,
  type RefereeRequest,
} from '@onitu/protocol'
import { decide } from '../decide/decide.ts'
import type { Policy } from '../decide/policy.ts'
import { rejectDeletion } from '../decide/reject-deletion.ts'
import type { RequestBatch, RequestWorld } from './request-batch.ts'

export type HeldRequest = Extract<RefereeRequest, { type: 'approve' | 'reject' }>

interface HeldPage {
  readonly service: string
  readonly kind: Kind
  readonly entries: readonly (readonly [key: string, deletion: HeldDeletion])[]
}

const PAGE = 500

/**
 * Held deletions that are carried out, or taken back, page by page: files before the directories that they are in, or
 * the reverse. Each batch removes what it deals with, so what is left is found again after a crash.
 */
export async function heldBatch(request: HeldRequest, { db, policy }: RequestWorld): Promise<RequestBatch> {
  const page = await nextPage(db, policy, request)
  if (page === undefined) {
    const { files, directories } = request
    return { fids: [], steps: [], decided: [], end: { answer: { type: 'judged', files, directories } } }
  }
  const { service, kind, entries } = page
  const judge = request.type === 'approve' ? decide : rejectDeletion
  const counted = kind === 'file' ? 'files' : 'directories'
  return {
    fids: entries.flatMap(([, deletion]) => fidsOf(deletion)),
    steps: entries.map(
      ([, deletion]) =>
        (situation) =>
          judge(situation, service, deletion),
    ),
    decided: entries.map(([key]) => key),
    end: { request: { ...request, [counted]: request[counted] + entries.length } },
  }
}

async function nextPage(db: Database, policy: Policy, request: HeldRequest): Promise<HeldPage | undefined> {
  const kinds: readonly Kind[] = request.type === 'approve' ? ['file', 'directory'] : ['directory', 'file']
  for (const [service, folders] of policy.services) {
    if (request.service !== null && request.service !== service) continue
    for (const folder of folders.keys()) {
      if (request.folder !== null && request.folder !== folder) continue
      for (const kind of kinds) {
        const entries = await readPage(db, service, folder, kind, request.type)
        if (entries.length > 0) return { service, kind, entries }
      }
    }
  }
  return undefined
}

/** Of directories the deepest come first when they go, and last when they come back. */
async function readPage(
  db: Database,
  service: string,
  folder: string,
  kind: Kind,
  type: HeldRequest['type'],
): Promise<[string, HeldDeletion][]> {
  const prefix = keys.heldKindPrefix(service, folder, kind)
  // There is no order in the keys, so all directories are looked at; of files any will do.
  const found = await db.range({ prefix, ...(kind === 'file' && { limit: PAGE }) }).all()
  const entries = found.map(([key, value]): [string, HeldDeletion] => [
    key,
    parseRecord(heldDeletionSchema, value, key),
  ])
  if (kind === 'file') return entries
  const direction = type === 'approve' ? -1 : 1
  return entries.sort(([, one], [, other]) => direction * (one.path.length - other.path.length)).slice(0, PAGE)
}

/** The directory around a file is looked at too: perhaps nothing else is in it. */
function fidsOf({ fid, folder, path }: HeldDeletion): string[] {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? [fid] : [fid, fileId(folder, path.slice(0, slash))]
}
