import { isOnituError } from '@onitu/protocol'
import { checkOptions } from './check-options.ts'
import { checkShape, type WrittenService, type WrittenSetup } from './check-shape.ts'
import { absolutePath, type FolderPlace, nestedFolders, realPath } from './folder-paths.ts'
import { type LoadDriver, type LoadedDriver, loadDriver } from './load-driver.ts'
import { parseText } from './parse-text.ts'
import { inFileOrder, type Problem } from './problem.ts'
import type { Setup, SetupFolder, SetupService } from './setup.ts'
import { SetupError } from './setup-error.ts'

export interface ParseOptions {
  /** The file's name, for messages; `.json` is read as JSON, everything else as YAML. */
  readonly file: string
  /** What paths in the setup are relative to, absolute. */
  readonly directory: string
  readonly load?: LoadDriver
}

/**
 * From the text of a setup file to a checked setup.
 * @throws SetupError `INVALID_SETUP` with every problem at once
 */
export async function parseSetup(text: string, { file, directory, load = loadDriver }: ParseOptions): Promise<Setup> {
  const parsed = parseText(text, file.endsWith('.json') ? 'json' : 'yaml')
  if (parsed.problems.length > 0) throw new SetupError(file, parsed.problems)
  const { written, problems: shapeProblems } = checkShape(parsed.value)
  const drivers = await loadDrivers(written, directory, load)
  const { services, problems } = normaliseServices(written, drivers.found, directory)
  const all = [...shapeProblems, ...drivers.problems, ...problems]
  if (all.length > 0) throw new SetupError(file, inFileOrder(all.map(parsed.locate)))
  const { name, folders, rules, majordomo } = written
  return { name, folders, rules, services, ...(majordomo === undefined ? {} : { majordomo }) }
}

interface Drivers {
  readonly found: ReadonlyMap<string, LoadedDriver>
  readonly problems: readonly Problem[]
}

async function loadDrivers(written: WrittenSetup, directory: string, load: LoadDriver): Promise<Drivers> {
  const found = new Map<string, LoadedDriver>()
  const problems: Problem[] = []
  for (const [service, { driver }] of written.services) {
    if (driver === undefined) continue
    try {
      found.set(service, await load(driver, directory))
    } catch (error) {
      if (!isOnituError(error)) throw error
      problems.push({ path: ['services', service, 'driver'], message: error.message })
    }
  }
  return { found, problems }
}

function normaliseServices(written: WrittenSetup, drivers: ReadonlyMap<string, LoadedDriver>, directory: string) {
  const services = new Map<string, SetupService>()
  const problems: Problem[] = []
  const places: FolderPlace[] = []
  for (const [name, service] of written.services) {
    const driver = drivers.get(name)
    if (driver === undefined) continue
    const checked = checkOptions(service.options, driver.manifest, ['services', name, 'options'])
    const folders = normaliseFolders(service, driver, directory)
    problems.push(...checked.problems)
    places.push(...placesOf(name, folders, driver))
    services.set(name, {
      name,
      driver: { name: driver.manifest.name, url: driver.url },
      options: checked.options,
      folders,
    })
  }
  return { services, problems: [...problems, ...nestedFolders(places)] }
}

export function normaliseFolders(
  service: Pick<WrittenService, 'folders'>,
  driver: LoadedDriver,
  directory: string,
): Map<string, SetupFolder> {
  const opaque = driver.manifest.folderPath === 'opaque'
  const entries = [...service.folders].map(([name, folder]): [string, SetupFolder] => [
    name,
    { ...folder, path: opaque ? folder.path : absolutePath(folder.path, directory) },
  ])
  return new Map(entries)
}

/** Directories of this machine are compared between all services, opaque paths only within one. */
export function placesOf(
  service: string,
  folders: ReadonlyMap<string, SetupFolder>,
  driver: LoadedDriver,
): FolderPlace[] {
  const opaque = driver.manifest.folderPath === 'opaque'
  return [...folders].map(([folder, { path }]) => ({
    service,
    folder,
    path: opaque ? path : realPath(path),
    place: opaque ? `service ${service}` : 'this machine',
    at: ['services', service, 'folders', folder],
  }))
}
