import { isOnituError } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { Offer } from './messages.ts'
import { findSoleReceiver } from './sole-receiver.ts'
import type { Peers } from './source.ts'

/**
 * On the side that has a large file of which nobody has been told: the service that gets all of the folder, if there is one, may upload it at once, and
 * says what its hash is. Undefined where it does not. The hash is that of what was read: whoever offers the file proves that it has not changed since.
 * Never rejects for what others say or do not say.
 */
export async function offerFile(engine: Engine, peers: Peers, offer: Offer): Promise<string | undefined> {
  if (peers.take === undefined || !engine.isAvailable(offer.folder)) return undefined
  try {
    const receiver = await findSoleReceiver(engine.db, offer.folder, engine.service)
    return receiver === undefined ? undefined : await peers.take(receiver, offer)
  } catch (error) {
    // It is not up, or not yet: the file is told of first, as any other.
    if (isOnituError(error)) return undefined
    throw error
  }
}
