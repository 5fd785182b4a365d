import { isOnituError } from '@onitu/protocol'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { findSoleReceiver } from './sole-receiver.ts'
import type { Peers } from './source.ts'

/** Gives the directory in which a content that is read in this folder would best be put aside: where it will get its name. */
export type FindStaging = (folder: string) => Promise<string | undefined>

/** On the side that reads: asks the service that gets all of the folder, if there is one. Never rejects for what others say or do not say. */
export async function findStaging(engine: Engine, peers: Peers, folder: string): Promise<string | undefined> {
  if (peers.staging === undefined) return undefined
  const receiver = await findSoleReceiver(engine.db, folder, engine.service)
  if (receiver === undefined) return undefined
  try {
    return await peers.staging(receiver, folder)
  } catch (error) {
    // It is not up, or not yet: the content is put aside here.
    if (isOnituError(error)) return undefined
    throw error
  }
}

/** On the side that gets the content. Undefined where nothing may be written, or the folder cannot be reached. */
export async function ownStaging(engine: Engine, driver: DriverCalls, folder: string): Promise<string | undefined> {
  const mode = engine.folders.get(folder)?.mode
  const isWritten = mode === 'rw' || mode === 'w'
  if (!isWritten || !engine.isAvailable(folder) || engine.isUndecided?.(folder) === true) return undefined
  return driver.uploads.stagingDirectory(folder, engine.signal)
}
