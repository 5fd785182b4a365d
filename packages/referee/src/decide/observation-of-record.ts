import { type FileRecord, type Observation, UNREAD_HASH } from '@onitu/protocol'

/**
 * A file that a service holds and that was never agreed on, because the setup of then kept it out, as the observation
 * that would be made of it now. `undecided`: its observation is still in the outbox and will be decided anyway. What was never
 * read is told of once more by the Plug, when it may read it.
 */
export function observationOfRecord(fid: string, record: FileRecord, undecided: boolean): Observation | undefined {
  const agreed = record.version > 0 && record.reported === 0
  if (record.token === null || agreed || undecided || record.hash === UNREAD_HASH) return undefined
  const { folder, path, kind, size, hash, mtime, mode, version } = record
  // Nobody knows whether it has directories. What it has below a file's name is in its records as well: if it has, nothing is.
  return { type: 'updated', fid, folder, path, kind, size, hash, mtime, mode, base: version, flat: true, emptyAt: 0 }
}
