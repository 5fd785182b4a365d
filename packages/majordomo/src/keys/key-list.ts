import { type Stats, unwatchFile, watchFile } from 'node:fs'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OnituError, systemCode } from '@onitu/protocol'
import { type AuthorizedKey, formatAuthorizedKeys, parseAuthorizedKeys } from './authorized-key.ts'
import { replaceFile } from './write-file.ts'

/** ms between looks at the file. The launcher also asks for one (`keys`), so that a revocation need not wait for it. */
const INTERVAL = 500
/** ms that one command waits for another one that is changing the list. */
const LOCK_PATIENCE = 5_000
const LOCK_STEP = 20

/** The list in the file; empty when there is none. @throws OnituError `INVALID_KEY_LIST` */
export async function readAuthorizedKeys(path: string): Promise<readonly AuthorizedKey[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
  return parseAuthorizedKeys(text, path)
}

/**
 * Changes the list, one command at a time. Gives the new one.
 * @throws what `change` throws; OnituError `INVALID_KEY_LIST`, `KEY_LIST_LOCKED`
 */
export async function changeAuthorizedKeys(
  path: string,
  change: (keys: readonly AuthorizedKey[]) => readonly AuthorizedKey[],
): Promise<readonly AuthorizedKey[]> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const lock = `${path}.lock`
  await acquire(lock)
  try {
    const changed = change(await readAuthorizedKeys(path))
    await replaceFile(path, 0o600, formatAuthorizedKeys(changed))
    return changed
  } finally {
    await rm(lock, { force: true })
  }
}

/** Tells when the file was changed, replaced or removed. Gives what ends it. */
export function watchAuthorizedKeys(path: string, changed: () => void): () => void {
  const listener = (now: Stats, before: Stats) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) changed()
  }
  watchFile(path, { interval: INTERVAL, persistent: false }, listener)
  return () => unwatchFile(path, listener)
}

// A file that is there by `wx` alone, as git locks its index: commands take milliseconds, and one that was killed in
// between is named to the person who is waiting.
async function acquire(lock: string): Promise<void> {
  for (const until = performance.now() + LOCK_PATIENCE; ; ) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw cause
      if (performance.now() > until)
        throw new OnituError(
          'KEY_LIST_LOCKED',
          `${lock} is there: another onitu changes the keys. If none does, remove it`,
          {
            cause,
          },
        )
    }
    await sleep(LOCK_STEP)
  }
}
