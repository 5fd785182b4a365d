import { type ResolveRequest, resolveConflict } from '../decide/resolve-conflict.ts'
import type { RequestBatch } from './request-batch.ts'

/** `onitu resolve`: all in one batch. */
export function resolveBatch(request: ResolveRequest): RequestBatch {
  return {
    fids: [request.original.fid, ...request.copies.map(({ fid }) => fid)],
    steps: [(situation) => resolveConflict(situation, request)],
    decided: [],
    end: { answer: { type: 'resolved' } },
  }
}
