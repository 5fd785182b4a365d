import { webcrypto } from 'node:crypto'
import { contentHash } from '@onitu/protocol'
import { afterAll, beforeAll, vi } from 'vitest'

/** Other threads hash when they please: in a simulation it is done at once, so that equal seeds give equal runs. */
export function hashAtOnce(): void {
  beforeAll(() => {
    vi.spyOn(webcrypto.subtle, 'digest').mockImplementation(async (_algorithm, data) => {
      const bytes = Buffer.from(contentHash(new Uint8Array(data as ArrayBuffer)), 'hex')
      return new Uint8Array(bytes).buffer
    })
  })
  afterAll(() => {
    vi.restoreAllMocks()
  })
}
