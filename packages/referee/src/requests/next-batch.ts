import type { RefereeRequest } from '@onitu/protocol'
import { heldBatch } from './held-batch.ts'
import type { RequestBatch, RequestWorld } from './request-batch.ts'
import { resolveBatch } from './resolve-batch.ts'

/**
 * What is to be done next for a request, by its type.
 * @throws OnituError what the request is answered with instead, unless it is retryable
 */
export async function nextBatch(request: RefereeRequest, world: RequestWorld): Promise<RequestBatch> {
  switch (request.type) {
    case 'resolve':
      return resolveBatch(request)
    case 'approve':
    case 'reject':
      return heldBatch(request, world)
  }
}
