import { dirname, resolve } from 'node:path'
import { isKey, readPublicKey, readSecretKey } from '@onitu/majordomo/keys'
import { isOnituError, systemCode } from '@onitu/protocol'
import { checkOptions } from '../setup/check-options.ts'
import { absolutePath, nestedFolders } from '../setup/folder-paths.ts'
import { type LoadDriver, type LoadedDriver, loadDriver } from '../setup/load-driver.ts'
import { normaliseFolders, placesOf } from '../setup/parse-setup.ts'
import { parseText } from '../setup/parse-text.ts'
import { inFileOrder, type Problem, type SetupPath } from '../setup/problem.ts'
import { readText } from '../setup/read-setup.ts'
import type { SetupFolder } from '../setup/setup.ts'
import { SetupError } from '../setup/setup-error.ts'
import { checkClientShape, type WrittenClient } from './check-client-shape.ts'
import type { ClientSetup } from './client-setup.ts'

/**
 * Reads the setup of a client, with its keys.
 * @throws SetupError `INVALID_SETUP` with every problem at once
 */
export async function readClientSetup(file: string, load: LoadDriver = loadDriver): Promise<ClientSetup> {
  const parsed = parseText(await readText(file), file.endsWith('.json') ? 'json' : 'yaml')
  if (parsed.problems.length > 0) throw new SetupError(file, parsed.problems)
  const { written, problems } = checkClientShape(parsed.value)
  const directory = dirname(resolve(file))
  const found = await find(written, directory, load)
  const all = [...problems, ...found.problems]
  const { driver, publicKey, secretKey } = found
  if (all.length > 0 || driver === undefined || publicKey === undefined || secretKey === undefined)
    throw new SetupError(file, inFileOrder(all.map(parsed.locate)))
  const { requests, handlers } = written.server
  return {
    server: { requests, handlers, publicKey },
    secretKey,
    driver: { name: driver.manifest.name, url: driver.url },
    options: found.options,
    folders: found.folders,
    rules: written.rules,
  }
}

interface Found {
  readonly driver: LoadedDriver | undefined
  readonly options: ClientSetup['options']
  readonly folders: ReadonlyMap<string, SetupFolder>
  readonly publicKey: string | undefined
  readonly secretKey: string | undefined
  readonly problems: readonly Problem[]
}

/** What the setup names: the driver and the keys. */
async function find(written: WrittenClient, directory: string, load: LoadDriver): Promise<Found> {
  const problems: Problem[] = []
  const orProblem = <T>(path: SetupPath, finding: Promise<T> | undefined) => orUndefined(problems, path, finding)
  const at = (path: string) => absolutePath(path, directory)
  const { driver: name, key, server } = written
  const driver = await orProblem(['driver'], name === undefined ? undefined : load(name, directory))
  const secret = await orProblem(['key'], key === undefined ? undefined : readSecretKey(at(key)))
  const publicKey = await orProblem(
    ['server', 'key'],
    server.key === undefined ? undefined : findPublicKey(server.key, at),
  )
  const folders = driver === undefined ? new Map<string, SetupFolder>() : normaliseFolders(written, driver, directory)
  const checked = driver === undefined ? undefined : checkOptions(written.options, driver.manifest, ['options'])
  if (driver !== undefined) {
    const places = placesOf('this client', folders, driver).map((place) => ({
      ...place,
      at: ['folders', place.folder],
    }))
    problems.push(...(checked?.problems ?? []), ...nestedFolders(places))
  }
  return { driver, options: checked?.options ?? {}, folders, publicKey, secretKey: secret?.secretKey, problems }
}

async function findPublicKey(keyOrFile: string, at: (path: string) => string): Promise<string> {
  if (isKey(keyOrFile.trim())) return keyOrFile.trim()
  return (await readPublicKey(at(keyOrFile))).publicKey
}

async function orUndefined<T>(
  problems: Problem[],
  path: SetupPath,
  finding: Promise<T> | undefined,
): Promise<T | undefined> {
  try {
    return await finding
  } catch (error) {
    if (!isOnituError(error) && systemCode(error) === undefined) throw error
    problems.push({ path, message: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}
