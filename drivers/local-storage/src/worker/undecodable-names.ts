import { readdirSync } from 'node:fs'

/** The names in a directory that are not valid UTF-8, as they look when decoded all the same (with replacement characters). */
export function undecodableNames(directory: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const raw of readdirSync(directory, { encoding: 'buffer' })) {
    const name = raw.toString('utf8')
    if (!raw.equals(Buffer.from(name, 'utf8'))) names.add(name)
  }
  return names
}
