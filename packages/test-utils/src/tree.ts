import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTROL_DIRECTORY } from '@onitu/protocol'

export interface TreeOptions {
  /** Leave the times and permission bits of directories out: Onitu keeps those of files. Default true. */
  readonly plainDirectories?: boolean
}

/**
 * All below a folder, by path, each described in one line: kind, permission bits, mtime in microseconds, size and sha256.
 * Two trees are equal when these are. What belongs to Onitu itself is left out.
 */
export async function snapshotTree(root: string, options: TreeOptions = {}): Promise<Record<string, string>> {
  const snapshot: Record<string, string> = {}
  for (const path of await walk(root)) {
    if (!isControl(path)) snapshot[path] = await describe(join(root, path), options)
  }
  return snapshot
}

/** What a transfer would have left behind in a folder: everything of Onitu's own there but the marker and the history. */
export async function temporaryFiles(root: string): Promise<string[]> {
  const kept = new Set([CONTROL_DIRECTORY, `${CONTROL_DIRECTORY}/folder`, `${CONTROL_DIRECTORY}/tmp`])
  const history = `${CONTROL_DIRECTORY}/history`
  const isKept = (path: string) => kept.has(path) || path === history || path.startsWith(`${history}/`)
  return (await walk(root)).filter((path) => isControl(path) && !isKept(path))
}

async function walk(root: string, below = ''): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    found.push(path)
    if (entry.isDirectory()) found.push(...(await walk(root, path)))
  }
  return found.sort()
}

function isControl(path: string): boolean {
  return path.split('/').some((segment) => segment === CONTROL_DIRECTORY || segment.startsWith(`${CONTROL_DIRECTORY}-`))
}

async function describe(path: string, { plainDirectories = true }: TreeOptions): Promise<string> {
  const stat = await lstat(path, { bigint: true })
  const attributes = `${(stat.mode & 0o7777n).toString(8)} ${stat.mtimeNs / 1000n}`
  if (stat.isDirectory()) return plainDirectories ? 'directory' : `directory ${attributes}`
  if (stat.isSymbolicLink()) return `link ${await readlink(path)}`
  if (!stat.isFile()) return 'special'
  const digest = createHash('sha256').update(await readFile(path))
  return `file ${attributes} ${stat.size} ${digest.digest('hex')}`
}
