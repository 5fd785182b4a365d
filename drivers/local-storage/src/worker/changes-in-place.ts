import { chmodSync, lutimesSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import type { Stored } from '@onitu/plug'
import { codeOf, Failure, isAbsent, systemFailure } from '../failure.ts'
import type { Target } from '../messages.ts'
import { PERMISSION_BITS, tokenOf, utimesArgument } from '../token.ts'
import { inTheWay, requireState } from './commit.ts'
import type { Folder } from './folder.ts'
import { Parents, requireRoot, statOf } from './parents.ts'
import { place } from './place.ts'
import { storedOf } from './write-file.ts'

type Folders = ReadonlyMap<string, Folder>

/** A directory that Onitu cannot enter or write could not be kept in sync, so the owner's bits are always set. */
const OWNER = 0o700

export function deleteFile(folders: Folders, target: Target, token: string): void {
  const { path } = target
  guarded(`Deleting "${path}"`, () => {
    const folder = requireRoot(folders, target.folder)
    const absolute = new Parents().resolve(folder, path, false)
    if (statOf(absolute) === undefined) return folder.wrote(path, undefined)
    const stat = requireState(folder, path, token)
    if (stat?.isDirectory() === true) removeDirectory(absolute, path)
    else if (!folder.history.keepDeleted(absolute, token, target)) unlinkSync(absolute)
    folder.wrote(path, undefined)
    folder.watches.remove(path)
  })
}

function removeDirectory(absolute: string, path: string): void {
  try {
    rmdirSync(absolute)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    throw new Failure('driver', 'NOT_EMPTY', `The directory "${path}" is not empty`)
  }
}

export function moveFile(folders: Folders, from: Target, to: Target, token: string): Stored {
  return guarded(`Moving "${from.path}" to "${to.path}"`, () => {
    const source = requireRoot(folders, from.folder)
    const target = requireRoot(folders, to.folder)
    const parents = new Parents()
    const old = parents.resolve(source, from.path, false)
    const stat = requireSource(source, from.path, token)
    const fresh = parents.resolve(target, to.path, true)
    const there = statOf(fresh)
    if (there === undefined) rename(old, fresh, stat.isDirectory())
    // A move that a crash cut short between its two steps.
    else if (stat.isFile() && there.ino === stat.ino && there.dev === stat.dev) unlinkSync(old)
    else throw inTheWay(target, to.path)
    return moved(source, from.path, target, to.path, fresh)
  })
}

function requireSource(folder: Folder, path: string, token: string) {
  const stat = statOf(folder.absolute(path))
  if (stat !== undefined && tokenOf(stat) === token) return stat
  throw new Failure(
    'changed',
    'CHANGED',
    `"${path}" is ${stat === undefined ? 'gone' : 'not in the state that is wanted'}`,
  )
}

function rename(from: string, to: string, isDirectory: boolean): void {
  if (isDirectory) renameSync(from, to)
  else place(from, to, true)
}

/** Whatever is below a renamed directory is found again under its new name by a look; a file is known at once. */
function moved(source: Folder, from: string, target: Folder, to: string, absolute: string): Stored {
  const stat = statOf(absolute)
  if (stat === undefined) throw new Failure('changed', 'CHANGED', `"${to}" is gone`)
  const stored = storedOf(stat)
  source.wrote(from, undefined)
  target.wrote(to, stored.token)
  return stored
}

export function setAttributes(folders: Folders, target: Target, token: string): Stored {
  return guarded(`Setting the attributes of "${target.path}"`, () => {
    const folder = requireRoot(folders, target.folder)
    const absolute = new Parents().resolve(folder, target.path, false)
    const stat = requireSource(folder, target.path, token)
    // chmod follows links; the state just checked is that of a file or directory.
    const extra = stat.isDirectory() ? OWNER : 0
    if (target.mode !== null) chmodSync(absolute, (target.mode & PERMISSION_BITS) | extra)
    if (target.mtime !== null && !stat.isDirectory()) {
      const time = utimesArgument(target.mtime)
      lutimesSync(absolute, time, time)
    }
    const stored = storedOf(statOf(absolute) ?? stat)
    folder.wrote(target.path, stored.token)
    return stored
  })
}

export function createDirectory(folders: Folders, target: Target): Stored {
  return guarded(`Making the directory "${target.path}"`, () => {
    const folder = requireRoot(folders, target.folder)
    const absolute = new Parents().resolve(folder, target.path, true)
    const isNew = makeDirectory(folder, target.path, absolute)
    if (isNew && target.mode !== null) chmodSync(absolute, (target.mode & PERMISSION_BITS) | OWNER)
    const stat = statOf(absolute)
    if (stat?.isDirectory() !== true) throw inTheWay(folder, target.path)
    const stored = storedOf(stat)
    folder.wrote(target.path, stored.token)
    return stored
  })
}

function makeDirectory(folder: Folder, path: string, absolute: string): boolean {
  try {
    mkdirSync(absolute)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    if (statOf(absolute)?.isDirectory() !== true) throw inTheWay(folder, path)
    return false
  }
}

function guarded<R>(doing: string, work: () => R): R {
  try {
    return work()
  } catch (error) {
    if (isAbsent(error)) throw new Failure('changed', 'CHANGED', `${doing} failed: it is gone`)
    throw systemFailure(error, doing)
  }
}
