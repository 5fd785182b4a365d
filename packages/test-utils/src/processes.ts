import { readdir, readFile } from 'node:fs/promises'
import { systemCode } from '@onitu/protocol'

/** All processes that a Launcher starts carry this variable in their environment; children inherit it. */
export const MARKER = 'ONITU_TEST_MARKER'

/** A process that exists but only waits to be reaped (state Z or X) counts as gone. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return false
  // The name in parentheses may hold anything, also a parenthesis; the state letter follows the last one.
  const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
  return state !== 'Z' && state !== 'X'
}

/** Pids of the running processes that were started with this marker, or by one that was. */
export async function markedProcesses(marker: string): Promise<number[]> {
  const wanted = `${MARKER}=${marker}`
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found: number[] = []
  for (const pid of pids) {
    const environment = await readIfThere(`/proc/${pid}/environ`)
    if (environment?.split('\0').includes(wanted) && (await isRunning(pid))) found.push(pid)
  }
  return found
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // ESRCH: it ended between open and read. EACCES: the process of another user, never one of ours.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}
