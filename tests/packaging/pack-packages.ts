import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { succeed } from './execute.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pnpm = join(root, 'node_modules', '.bin', 'pnpm')

/** A package as it would be published. */
export interface Packed {
  readonly tarball: string
  readonly manifest: {
    readonly name: string
    readonly version: string
    readonly dependencies?: Readonly<Record<string, string>>
  }
  /** Paths in the package. */
  readonly files: readonly string[]
}

/** Packs every public package of the workspace into `folder`. */
export async function packPackages(folder: string): Promise<Packed[]> {
  const filters = ['--filter', './packages/*', '--filter', './drivers/*']
  await succeed(pnpm, [...filters, '--recursive', 'pack', '--pack-destination', folder], root)
  return await Promise.all(readdirSync(folder).map((name) => inspect(folder, name)))
}

async function inspect(folder: string, name: string): Promise<Packed> {
  const tarball = join(folder, name)
  const [manifest, list] = await Promise.all([
    succeed('tar', ['-xzOf', tarball, 'package/package.json'], folder),
    succeed('tar', ['-tzf', tarball], folder),
  ])
  const files = list
    .split('\n')
    .filter((path) => path !== '')
    .map((path) => path.replace(/^package\//, ''))
  return { tarball, manifest: JSON.parse(manifest), files }
}
