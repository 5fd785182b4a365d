import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface CreateDriverOptions {
  /** What the service is called: `dropbox` becomes the package onitu-driver-dropbox. */
  readonly name: string
  /** Must not be there yet, or be empty. */
  readonly directory: string
}

/** Files that npm would treat in its own way have another name in the template. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['package.template.json', 'package.json'],
  ['README.template.md', 'README.md'],
  ['gitignore.template', '.gitignore'],
])

const template = fileURLToPath(new URL('../template', import.meta.url))
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** Why a name cannot be used, or undefined. */
export function driverNameProblem(name: string): string | undefined {
  if (name.length > 100) return 'is longer than 100 characters'
  return NAME.test(name) ? undefined : 'must be lower-case letters and digits, with single dashes between: my-service'
}

/** Writes a small complete driver. Gives the paths that were written, relative to the directory. @throws TypeError */
export function createDriver({ name, directory }: CreateDriverOptions): string[] {
  const problem = driverNameProblem(name)
  if (problem !== undefined) throw new TypeError(`The name ${JSON.stringify(name)} ${problem}`)
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new TypeError(`${directory} exists and is not empty; nothing was written`)
  }
  return templateFiles(template).map((source) => {
    const path = targetOf(relative(template, source))
    const target = join(directory, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, fill(readFileSync(source, 'utf8'), name))
    return path
  })
}

function templateFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function targetOf(path: string): string {
  const renamed = RENAMED.get(basename(path))
  return renamed === undefined ? path : join(dirname(path), renamed)
}

function fill(content: string, name: string): string {
  return content.replaceAll('DRIVER_NAME', name).replaceAll('ONITU_VERSION', ownVersion())
}

/** All packages of Onitu share one version. */
function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new TypeError('The package.json of @onitu/create-driver has no version')
}
