import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LocalStorageDriver, snapshotTree, temporaryFiles } from '@onitu/test-utils'
import { expect } from 'vitest'
import { createRandom } from './random.ts'

const FILES_PER_DIRECTORY = 10
const LARGEST = 4096
const MODES = [0o644, 0o600, 0o755, 0o444]
/** Mtimes lie in the three years after this one, in seconds, with a fraction of microseconds. */
const FIRST_TIME = 1_600_000_000
const SPAN = 100_000_000

/** Files in new folders, three levels deep, as fast as they can be made; sizes, times and permission bits differ. */
export function makeTree(root: string, count: number, seed: number): void {
  const random = createRandom(seed)
  for (let index = 0; index < count; index++) {
    const directory = join(root, ...levels(Math.floor(index / FILES_PER_DIRECTORY)))
    if (index % FILES_PER_DIRECTORY === 0) mkdirSync(directory, { recursive: true })
    const path = join(directory, `file ${index}.dat`)
    writeFileSync(path, random.bytes(random.below(LARGEST)))
    const time = FIRST_TIME + random.below(SPAN) + random.below(1_000_000) / 1_000_000
    utimesSync(path, time, time)
    chmodSync(path, random.pick(MODES))
  }
}

function levels(directory: number): string[] {
  return [`a${directory % 5}`, `b${Math.floor(directory / 5) % 8}`, `c${directory}`]
}

/** All services have the same content, times and permission bits in a folder, and no file that is not in its final place. */
export async function expectEqualTrees(
  services: readonly LocalStorageDriver[],
  folder = 'default',
): Promise<Record<string, string>> {
  const [first, ...others] = services
  if (first === undefined) throw new TypeError('There is nothing to compare')
  const expected = await snapshotTree(first.folderPath(folder))
  for (const service of others) {
    expect(await snapshotTree(service.folderPath(folder)), `${service.name} and ${first.name}`).toEqual(expected)
  }
  for (const service of services) {
    expect(await temporaryFiles(service.folderPath(folder)), `temporary files of ${service.name}`).toEqual([])
  }
  return expected
}
