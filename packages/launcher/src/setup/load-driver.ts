import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Manifest } from '@onitu/plug'
import { OnituError } from '@onitu/protocol'
import { resolve } from 'import-meta-resolve'
import { driverCandidates } from './driver-candidates.ts'

export interface LoadedDriver {
  readonly url: string
  readonly manifest: Manifest
}

/** Gives the driver that a name in a setup of `directory` stands for. Another one in tests. */
export type LoadDriver = (name: string, directory: string) => Promise<LoadedDriver>

/**
 * Looks beside the setup file, then in the current directory, then among what the launcher brings along.
 * @throws OnituError `UNKNOWN_DRIVER` (nothing has that name), `INVALID_DRIVER` (it is there, but no driver)
 */
export const loadDriver: LoadDriver = async (name, directory) => {
  const url = find(name, directory)
  if (url === undefined) {
    const tried = driverCandidates(name)
      .map((candidate) => JSON.stringify(candidate))
      .join(', then ')
    throw new OnituError(
      'UNKNOWN_DRIVER',
      `unknown driver ${JSON.stringify(name)}: looked for ${tried} from ${directory}; install it there, or check the spelling`,
    )
  }
  return { url, manifest: await importManifest(name, url) }
}

function find(name: string, directory: string): string | undefined {
  const parents = [join(directory, 'setup.js'), join(process.cwd(), 'setup.js')].map((path) => pathToFileURL(path).href)
  for (const candidate of driverCandidates(name)) {
    for (const parent of [...parents, import.meta.url]) {
      const url = resolveFrom(candidate, parent)
      if (url !== undefined) return url
    }
  }
  return undefined
}

/** Undefined when nothing is there: import-meta-resolve throws for packages, but takes any path as it is. */
function resolveFrom(specifier: string, parent: string): string | undefined {
  try {
    const url = entryOf(isAbsolute(specifier) ? pathToFileURL(specifier).href : specifier, parent)
    return url.startsWith('file:') && statSync(fileURLToPath(url)).isFile() ? url : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw new OnituError(
      'INVALID_DRIVER',
      `the driver ${JSON.stringify(specifier)} cannot be resolved: ${String(error)}`,
      { cause: error },
    )
  }
}

/** A path may also be that of a package, of which the entry is meant. */
function entryOf(specifier: string, parent: string): string {
  const isPath = specifier.startsWith('.') || specifier.startsWith('file:')
  const directory = isPath ? fileURLToPath(new URL(specifier, parent)) : undefined
  if (directory === undefined || statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return resolve(specifier, parent)
  const inside = pathToFileURL(join(directory, 'package.json')).href
  const { name, main, exports } = readPackage(fileURLToPath(inside))
  // A package that has `exports` finds itself by its own name.
  return exports === undefined || name === undefined ? new URL(main ?? 'index.js', inside).href : resolve(name, inside)
}

interface PackageJson {
  readonly name: string | undefined
  readonly main: string | undefined
  readonly exports: unknown
}

function readPackage(path: string): PackageJson {
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const fields: Readonly<Record<string, unknown>> =
    typeof content === 'object' && content !== null ? { ...content } : {}
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { name: text(fields.name), main: text(fields.main), exports: fields.exports }
}

const NOT_FOUND = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_INVALID_MODULE_SPECIFIER',
  'ENOENT',
  'ENOTDIR',
])

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && NOT_FOUND.has(error.code)
}

async function importManifest(name: string, url: string): Promise<Manifest> {
  let module: { readonly default?: unknown }
  try {
    module = await import(url)
  } catch (cause) {
    throw new OnituError(
      'INVALID_DRIVER',
      `the driver ${JSON.stringify(name)} (${fileURLToPath(url)}) cannot be loaded: ${String(cause)}`,
      { cause },
    )
  }
  const { default: driver } = module
  if (isDriver(driver)) return driver.manifest
  throw new OnituError(
    'INVALID_DRIVER',
    `${fileURLToPath(url)} is no driver: expected its default export to be the result of defineDriver`,
  )
}

function isDriver(value: unknown): value is { readonly manifest: Manifest } {
  if (typeof value !== 'object' || value === null || !('manifest' in value) || !('run' in value)) return false
  const { manifest } = value
  return (
    typeof value.run === 'function' &&
    typeof manifest === 'object' &&
    manifest !== null &&
    'options' in manifest &&
    'name' in manifest
  )
}
