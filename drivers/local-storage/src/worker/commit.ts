import {
  type BigIntStats,
  closeSync,
  constants,
  copyFileSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import type { KeptContent, Stored } from '@onitu/plug'
import { codeOf, Failure } from '../failure.ts'
import { asideName, split } from '../paths.ts'
import { modeOf, mtimeOf, tokenOf } from '../token.ts'
import type { Folder } from './folder.ts'
import { statOf } from './parents.ts'
import { place } from './place.ts'
import { finish } from './write-file.ts'

export interface Commit {
  readonly folder: Folder
  readonly path: string
  /** What was written aside, absolute. */
  readonly temporary: string
  /** The state that may be replaced; null: nothing may be there. */
  readonly token: string | null
  /** What is known of the content that is replaced. */
  readonly replaced: KeptContent | undefined
  /** Absolute names that a scan must not take for leftovers. */
  readonly aside: Set<string>
}

/**
 * Gives what was written aside its final name, if what is there is what may be replaced. Gives what it has become, where
 * that is not the file that was written aside but a copy.
 */
export function commit(work: Commit): Stored | undefined {
  const { folder, path, token, temporary } = work
  const target = folder.absolute(path)
  if (token !== null) requireState(folder, path, token)
  const kept = token === null ? undefined : folder.history.keepReplaced(target, token, work.replaced)
  try {
    place(temporary, target, token === null)
    return undefined
  } catch (error) {
    folder.history.forget(kept)
    if (codeOf(error) === 'EEXIST') throw inTheWay(folder, path)
    if (codeOf(error) !== 'EXDEV') throw error
    return commitAcrossDevices(work, target)
  }
}

/** @throws Failure (conflict) when another state is there than the one given. */
export function requireState(folder: Folder, path: string, token: string | null): BigIntStats | undefined {
  const stat = statOf(folder.absolute(path))
  if (token === null) {
    if (stat !== undefined) throw inTheWay(folder, path)
    return undefined
  }
  if (stat === undefined)
    throw new Failure('conflict', 'CONFLICT', `"${path}" is gone, it was to be replaced in a known state`)
  if (tokenOf(stat) !== token)
    throw new Failure('conflict', 'CONFLICT', `"${path}" has changed meanwhile, it is left as it is`)
  return stat
}

/** Another file system is mounted below the root: write aside next to the target instead. */
function commitAcrossDevices(work: Commit, target: string): Stored {
  const { directory } = split(target)
  const near = `${directory}/${asideName(split(work.temporary).name.replace(/[^0-9a-f-]/g, ''))}`
  work.aside.add(near)
  try {
    const stored = copyWithAttributes(work.temporary, near)
    requireState(work.folder, work.path, work.token)
    place(near, target, work.token === null)
    rmSync(work.temporary, { force: true })
    return stored
  } finally {
    rmSync(near, { force: true })
    work.aside.delete(near)
  }
}

function copyWithAttributes(from: string, to: string): Stored {
  copyFileSync(from, to)
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW)
  const copy = openSync(to, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const stat = fstatSync(source, { bigint: true })
    const stored = finish(copy, { mtime: mtimeOf(stat), mode: modeOf(stat) }, undefined)
    fdatasyncSync(copy)
    return stored
  } finally {
    closeSync(source)
    closeSync(copy)
  }
}

/** Says which name is in the way: on file systems that do not tell case or Unicode forms apart it may be another one. */
export function inTheWay(folder: Folder, path: string): Failure {
  const { directory, name } = split(path)
  const names = readdirSync(folder.absolute(directory))
  const other = names.includes(name) ? name : names.find((candidate) => fold(candidate) === fold(name))
  const what =
    other === undefined || other === name
      ? `"${path}" exists`
      : `"${other}" exists, which this file system takes for "${path}"`
  return new Failure('conflict', 'CONFLICT', `${what} and is left as it is`)
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
