import type { RefereeRequest } from '@onitu/protocol'
import type { RequestBatch, RequestWorld } from './request-batch.ts'
import { resolveBatch } from './resolve-batch.ts'

/**
 * What is to be done next for a request, by its type.
 * @throws OnituError what the request is answered with instead, unless it is retryable
 */
export async function nextBatch(request: RefereeRequest, _world: RequestWorld): Promise<RequestBatch> {
  switch (request.type) {
    case 'resolve':
      return resolveBatch(request)
  }
}
