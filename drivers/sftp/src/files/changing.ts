import { DriverError, type Metadata, type ReadContext, type Stored } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { FAILURE, hasStatus, NO_SUCH_FILE } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { requirePath } from '../paths.ts'
import { makeDirectory } from '../root.ts'
import { type Attributes, isDirectoryToken, tokenOf } from '../token.ts'
import { guarded } from './guarded.ts'
import {
  changedMeanwhile,
  inTheWay,
  makeParents,
  missingParents,
  requireParents,
  requireReplaceable,
  requireWanted,
  stateOf,
} from './state.ts'
import { deleteTaken } from './taken.ts'
import { all } from './transfer.ts'
import { attributesOf, storedOf } from './write-file.ts'

export function deleteFile(session: Session, folder: Folder, { path }: Metadata, token: string): Promise<void> {
  return guarded(session, folder, `Deleting "${path}"`, async () => {
    requirePath(path)
    const [found, missing] = await all([stateOf(session, folder, path), missingParents(session, folder, path)])
    if (found === undefined || missing.length > 0) return folder.requireMarker(session)
    requireReplaceable(found, path, token)
    try {
      if (isDirectoryToken(tokenOf(found))) await removeDirectory(session, folder, path)
      else await deleteTaken(session, folder, path, token)
    } catch (error) {
      if (!hasStatus(error, NO_SUCH_FILE)) throw error
      await folder.requireMarker(session)
    }
  })
}

async function removeDirectory(session: Session, folder: Folder, path: string): Promise<void> {
  try {
    await session.rmdir(folder.absolute(path))
  } catch (error) {
    const entries = hasStatus(error, FAILURE) ? await session.list(folder.absolute(path)) : []
    if (entries.length === 0) throw error
    throw new DriverError('NOT_EMPTY', `The directory "${path}" is not empty`)
  }
}

export function moveFile(
  session: Session,
  source: Folder,
  target: Folder,
  from: Metadata,
  to: Metadata,
  { token, signal }: ReadContext,
): Promise<Stored> {
  return guarded(session, source, `Moving "${from.path}" to "${to.path}"`, async () => {
    signal.throwIfAborted()
    requirePath(from.path)
    requirePath(to.path)
    await target.require(session)
    const [found, there, missing] = await all([
      stateOf(session, source, from.path),
      stateOf(session, target, to.path),
      missingParents(session, target, to.path),
      requireParents(session, source, from.path),
    ])
    const state = requireWanted(found, from.path, token)
    if (there !== undefined) throw inTheWay(to.path)
    await makeParents(session, target, missing)
    await rename(session, source.absolute(from.path), target, to.path)
    return storedOf(state)
  })
}

async function rename(session: Session, absolute: string, target: Folder, path: string): Promise<void> {
  try {
    await session.rename(absolute, target.absolute(path))
  } catch (error) {
    if (hasStatus(error, FAILURE) && (await stateOf(session, target, path)) !== undefined) throw inTheWay(path)
    throw error
  }
}

export function setAttributes(
  session: Session,
  folder: Folder,
  metadata: Metadata,
  { token, signal }: ReadContext,
): Promise<Stored> {
  const { path } = metadata
  return guarded(session, folder, `Setting the attributes of "${path}"`, async () => {
    signal.throwIfAborted()
    requirePath(path)
    const [found] = await all([stateOf(session, folder, path), requireParents(session, folder, path)])
    // setstat follows links; the state that was just looked at is that of a file or directory.
    let state: Attributes | undefined = requireWanted(found, path, token)
    const attributes = attributesOf(metadata, null)
    if (attributes !== undefined) {
      await session.setstat(folder.absolute(path), attributes)
      state = await stateOf(session, folder, path)
      // Another program may have put something else there after the look: that has these attributes now, and is not what was to get them.
      if (state?.size !== found?.size && !isDirectoryToken(token)) throw changedMeanwhile(path)
    }
    return storedOf(requirePresent(state, path))
  })
}

export function createDirectory(session: Session, folder: Folder, metadata: Metadata): Promise<Stored> {
  const { path } = metadata
  return guarded(session, folder, `Making the directory "${path}"`, async () => {
    requirePath(path)
    await makeParents(session, folder, await missingParents(session, folder, path))
    const isNew = await makeDirectory(session, folder.absolute(path))
    const attributes = isNew ? attributesOf({ ...metadata, kind: 'directory' }, null) : undefined
    if (attributes !== undefined) await session.setstat(folder.absolute(path), attributes)
    const state = requirePresent(await stateOf(session, folder, path), path)
    if (!isDirectoryToken(tokenOf(state))) throw inTheWay(path)
    return storedOf(state)
  })
}

function requirePresent(state: Attributes | undefined, path: string): Attributes {
  return requireWanted(state, path, state === undefined ? '' : tokenOf(state))
}
