import { lstatSync, mkdtempSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'
import { ipcAddress, isOnituError, systemCode } from '@onitu/protocol'

const PREFIX = 'onitu-'
/** As long as any name of a socket in it. */
const LONGEST_SOCKET = 'plug-9999999999'

/**
 * A new directory for the sockets of a session, mode 0700, with a name that nobody can know before.
 * @throws OnituError `ADDRESS_TOO_LONG` when no directory for temporary files has a path short enough for sockets
 */
export function createRuntimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  let failure: unknown
  for (const base of [usableRuntimeBase(environment.XDG_RUNTIME_DIR), tmpdir(), '/tmp']) {
    if (base === undefined) continue
    try {
      ipcAddress(join(base, `${PREFIX}XXXXXX`), LONGEST_SOCKET)
      return mkdtempSync(join(base, PREFIX))
    } catch (error) {
      if (!isOnituError(error) && !isUnusable(error)) throw error
      failure ??= error
    }
  }
  throw failure
}

/** As the specification asks: absolute, ours, and nobody else's. */
function usableRuntimeBase(directory: string | undefined): string | undefined {
  if (directory === undefined || !isAbsolute(directory)) return undefined
  const stat = statSync(directory, { throwIfNoEntry: false })
  return stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0 ? directory : undefined
}

function isUnusable(error: unknown): boolean {
  return ['EACCES', 'EROFS', 'ENOENT', 'EPERM'].includes(systemCode(error) ?? '')
}

/**
 * Removes the sockets in it and the directory. The name may come from a file on disk, so nothing but sockets in a
 * directory of this user with a name like ours is touched; anything else in it makes it stay.
 */
export function removeRuntimeDirectory(directory: string): void {
  if (!isAbsolute(directory) || !basename(directory).startsWith(PREFIX)) return
  const stat = lstatSync(directory, { throwIfNoEntry: false })
  if (!stat?.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) return
  for (const name of readdirSync(directory)) removeSocket(join(directory, name))
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error
  }
}

function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path)
  } catch (error) {
    // Sockets are unlinked when they are closed, maybe between the listing and here.
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
