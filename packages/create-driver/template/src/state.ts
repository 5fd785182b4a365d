import type { BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { ChangedError, ConflictError, type Kind, type Stored, systemCode } from '@onitu/plug'

/** What is at a path. The token changes whenever anything that matters does; here it also stays when the file is renamed. */
export interface State {
  readonly kind: Kind | 'other'
  readonly token: string
  readonly size: number
  readonly mtime: number
  readonly mode: number
}

export async function stateOf(absolute: string): Promise<State | undefined> {
  try {
    return describe(await lstat(absolute, { bigint: true }))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

export function describe(stat: BigIntStats): State {
  const mode = Number(stat.mode) & 0o777
  const mtime = Number(stat.mtimeNs / 1000n) / 1000
  if (stat.isDirectory()) return { kind: 'directory', token: `directory ${stat.ino} ${mode}`, size: 0, mtime, mode }
  const token = `file ${stat.ino} ${stat.size} ${stat.mtimeNs} ${mode}`
  return { kind: stat.isFile() ? 'file' : 'other', token, size: Number(stat.size), mtime, mode }
}

export function storedOf({ kind, token, mtime, mode }: State): Stored {
  return { token, mtime: kind === 'directory' ? null : mtime, mode }
}

/** For what is read: it must be in the state that is asked for. */
export function requireWanted(state: State | undefined, path: string, token: string): State {
  if (state?.token === token) return state
  throw new ChangedError(`"${path}" is ${state === undefined ? 'gone' : 'not in the state that is wanted'}`)
}

/** For what is written: only this state may be replaced; null: nothing may be there. */
export function requireReplaceable(state: State | undefined, path: string, token: string | null): void {
  if ((state?.token ?? null) === token) return
  throw new ConflictError(`"${path}" is ${state === undefined ? 'gone' : 'not what it was'}, it is left as it is`)
}
