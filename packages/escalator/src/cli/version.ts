import { readFileSync } from 'node:fs'

/** The version in this package's package.json, which is one directory above the built files and two above the sources. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../package.json']) {
    const url = new URL(path, import.meta.url)
    const found = readVersion(url)
    if (found !== undefined) return found
  }
  return 'unknown'
}

function readVersion(url: URL): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(url, 'utf8'))
    const { name, version } = Object(parsed) as { readonly name?: unknown; readonly version?: unknown }
    return name === '@onitu/escalator' && typeof version === 'string' ? version : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
