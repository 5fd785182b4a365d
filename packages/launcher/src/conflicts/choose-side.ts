import { OnituError, type RefereeRequest } from '@onitu/protocol'
import type { FilePlace } from '../history/locate-file.ts'
import type { ConflictCopy, ConflictedFile, ConflictSide } from './conflicted-file.ts'

export type ResolveRequest = Extract<RefereeRequest, { type: 'resolve' }>

export interface Choice {
  readonly file: ConflictedFile
  /** The copies that it is about. */
  readonly copies: readonly ConflictCopy[]
  readonly request: ResolveRequest
}

/** What `--keep` says to keep all files as they are; no service can have this name. */
const BOTH = 'both'

/**
 * What is to be asked of the Referee. A file stands for the conflict with all its copies, a copy for the one between it and
 * the file. Pure.
 * @throws OnituError `NO_CONFLICT`, `UNKNOWN_SERVICE`, `NOT_IN_CONFLICT`, `AMBIGUOUS_CONTENT`, `FILE_NOT_FOUND`
 */
export function chooseSide(
  conflicts: readonly ConflictedFile[],
  services: readonly string[],
  place: FilePlace,
  keep: string,
): Choice {
  const file = conflicts.find((one) => one.folder === place.folder && isAbout(one, place.path))
  if (file === undefined) {
    throw new OnituError(
      'NO_CONFLICT',
      `'${place.path}' in folder ${place.folder} is in no conflict; \`onitu conflicts\` lists all that are`,
    )
  }
  const copy = file.copies.find(({ path }) => path === place.path)
  const copies = copy === undefined ? file.copies : [copy]
  const kept =
    keep === BOTH ? undefined : copy === undefined ? one(file, services, keep) : either(file, copy, services, keep)
  if (kept === file.original && kept.deleted) {
    throw new OnituError(
      'FILE_NOT_FOUND',
      `'${file.path}' in folder ${file.folder}, which was the content of ${keep}, was deleted; keep ${listed(copies)}, or ${BOTH}`,
    )
  }
  const request: ResolveRequest = {
    type: 'resolve',
    original: seen(file.original),
    copies: copies.map(seen),
    keep: kept === undefined ? null : { fid: kept.fid, service: keep },
  }
  return { file, copies, request }
}

function isAbout(file: ConflictedFile, path: string): boolean {
  return file.path === path || file.copies.some((copy) => copy.path === path)
}

/** Among all contents of a file. */
function one(file: ConflictedFile, services: readonly string[], keep: string): ConflictSide {
  const sides = [file.original, ...file.copies]
  const [found, second] = sides.filter(({ service }) => service === keep)
  if (found === undefined) throw notFound(file, sides, services, keep)
  if (second === undefined) return found
  throw new OnituError(
    'AMBIGUOUS_CONTENT',
    `Several contents of '${file.path}' came from ${keep}: resolve the copies one by one, by their own names`,
  )
}

/** Between a copy and what is at the path, which may come from the one that won then, or from one that won later. */
function either(file: ConflictedFile, copy: ConflictCopy, services: readonly string[], keep: string): ConflictSide {
  if (copy.service === keep) return copy
  if (keep === file.original.service || keep === copy.winner) return file.original
  throw notFound(file, [file.original, copy], services, keep)
}

function notFound(
  file: ConflictedFile,
  sides: readonly ConflictSide[],
  services: readonly string[],
  keep: string,
): OnituError {
  if (!services.includes(keep)) {
    return new OnituError(
      'UNKNOWN_SERVICE',
      `There is no service ${JSON.stringify(keep)}; the contents of '${file.path}' came from ${listed(sides)}`,
    )
  }
  return new OnituError(
    'NOT_IN_CONFLICT',
    `No content of '${file.path}' came from ${keep}; keep that of ${listed(sides)}, or ${BOTH}`,
  )
}

function listed(sides: readonly ConflictSide[]): string {
  return [...new Set(sides.map(({ service }) => service))].join(' or ')
}

function seen({ fid, version }: ConflictSide): ResolveRequest['original'] {
  return { fid, version }
}
