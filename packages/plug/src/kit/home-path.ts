import { homedir } from 'node:os'
import { join } from 'node:path'

/** `~/x` is in the home directory. */
export function homePath(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}
