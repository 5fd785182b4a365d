import { type BigIntStats, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { codeOf } from '../failure.ts'
import { CONTROL_DIRECTORY, MARKER, TEMPORARY_DIRECTORY } from '../paths.ts'

/** A root as it was when it was last accepted. */
export interface Root {
  readonly device: bigint
  readonly inode: bigint
}

export interface RootPlace {
  readonly path: string
  readonly identity: string
}

export type RootState = { readonly root: Root } | { readonly problem: string }

/**
 * Accepts a root, or says why not. A folder that the service never had gets its root and marker; a known one is never made again,
 * because an empty root in place of an unmounted disk would read as "everything was deleted". Only the empty control directory,
 * made by hand, makes a known root without marker acceptable.
 */
export function acceptRoot(place: RootPlace, known: boolean): RootState {
  try {
    if (!known) mkdirSync(place.path, { recursive: true })
    const stat = statSync(place.path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return { problem: `The folder ${place.path} is not there. Mount it or move it back` }
    if (!stat.isDirectory()) return { problem: `${place.path} is not a directory` }
    return acceptMarker(place, known) ?? { root: { device: stat.dev, inode: stat.ino } }
  } catch (error) {
    return { problem: `The folder ${place.path} cannot be used: ${messageOf(error)}` }
  }
}

function acceptMarker(place: RootPlace, known: boolean): RootState | undefined {
  const control = `${place.path}/${CONTROL_DIRECTORY}`
  const marker = `${control}/${MARKER}`
  if (known && !isDirectory(control)) {
    return {
      problem: `The folder ${place.path} has lost its marker: it may be another disk, or emptied. If it is right as it is, run: mkdir '${control}' (what is missing in it then counts as deleted)`,
    }
  }
  const found = readMarker(marker)
  if (found !== undefined && found !== place.identity) {
    return {
      problem: `${place.path} belongs to another Onitu folder (${marker} holds ${JSON.stringify(found.slice(0, 200))}). Remove that file to use it for this one`,
    }
  }
  mkdirSync(`${control}/${TEMPORARY_DIRECTORY}`, { recursive: true })
  if (found === undefined) writeFileSync(marker, `${place.identity}\n`)
  return undefined
}

/** Cheap: asked before every batch of writes and before any deletion is reported. */
export function isSameRoot(path: string, root: Root): boolean {
  const stat = quietStat(path)
  if (stat === undefined || stat.dev !== root.device || stat.ino !== root.inode) return false
  try {
    return lstatSync(`${path}/${CONTROL_DIRECTORY}/${MARKER}`, { throwIfNoEntry: false })?.isFile() === true
  } catch (error) {
    // A marker that cannot be looked at (EIO, EACCES) proves nothing: acceptRoot then says why.
    if (codeOf(error) === undefined) throw error
    return false
  }
}

function quietStat(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function readMarker(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  return readFileSync(path, 'utf8').replace(/\n$/, '')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
