import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { type AllowList, parseAllowList } from './parse-allow-list.ts'

export async function readAllowFile(path: string): Promise<AllowList> {
  const problem = (cause: unknown) => {
    const text = cause instanceof Error ? cause.message : String(cause)
    return new CommandFailed(exitStatus.error, `Cannot use the list of allowed keys ${path}: ${text}`, { cause })
  }
  try {
    return parseAllowList(await readFile(path, 'utf8'))
  } catch (cause) {
    throw problem(cause)
  }
}

/** How often to look, in ms. Asking for the state of the file also notices one that was replaced. */
const INTERVAL = 500

/** Tells when the file has changed, and on SIGHUP. Gives what ends it. */
export function watchAllowFile(path: string, changed: () => void): () => void {
  watchFile(path, { interval: INTERVAL, persistent: false }, changed)
  process.on('SIGHUP', changed)
  return () => {
    unwatchFile(path, changed)
    process.off('SIGHUP', changed)
  }
}
