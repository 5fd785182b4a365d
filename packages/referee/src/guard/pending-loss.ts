import type { Head, Observation } from '@onitu/protocol'

/** The files that are gone once what is in an outbox is decided, by folder: the fids. */
export type PendingLoss = Map<string, Set<string>>

/** Takes in one more observation, in their order: what comes again, or was never shared, is no loss. `headOf`: before all of them. */
export function takeIn(loss: PendingLoss, observation: Observation, headOf: (fid: string) => Head | undefined): void {
  const { type, fid, folder } = observation
  if (type === 'deleted') {
    if (isLiveFile(headOf(fid))) lossOf(loss, folder).add(fid)
    return
  }
  loss.get(folder)?.delete(fid)
  // What is moved away lives on, also where it was told before that it was deleted.
  if (type === 'moved') loss.get(observation.from.folder)?.delete(observation.from.fid)
}

export function isLiveFile(head: Head | undefined): boolean {
  return head !== undefined && !head.deleted && head.kind === 'file'
}

function lossOf(loss: PendingLoss, folder: string): Set<string> {
  const existing = loss.get(folder)
  if (existing !== undefined) return existing
  const created = new Set<string>()
  loss.set(folder, created)
  return created
}
