import type { FilePlace } from '../history/locate-file.ts'
import { askReferee, type RefereeSource } from '../referee/ask-referee.ts'
import { chooseSide } from './choose-side.ts'
import { collectConflicts } from './collect-conflicts.ts'
import type { Resolution } from './conflicted-file.ts'

/** ms */
const TIMEOUT = 60_000

/**
 * Ends a conflict.
 * @throws OnituError what `chooseSide` and `askReferee` throw, `CONFLICT_CHANGED` when a file is changed at this moment
 */
export async function resolveFile(
  source: RefereeSource,
  services: readonly string[],
  place: FilePlace,
  keep: string,
  signal: AbortSignal,
): Promise<Resolution> {
  const conflicts = await collectConflicts(source.database)
  const { file, copies, request } = chooseSide(conflicts, services, place, keep)
  await askReferee(source, request, TIMEOUT, signal)
  const { folder, path } = file
  return { folder, path, keep: request.keep?.service ?? null, copies: copies.map((copy) => copy.path) }
}
