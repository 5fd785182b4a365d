import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder {
  readonly path: string
  /** Removes it with all that is in it. May be called twice. */
  remove(): Promise<void>
}

/** A new, empty folder of one's own in the system's temporary directory. The name is short: sockets may live in it. */
export async function temporaryFolder(prefix = 'onitu-'): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}
