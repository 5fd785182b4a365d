import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Database } from '@onitu/escalator'
import { fileId, ipcAddress, keys } from '@onitu/protocol'
import { type Launcher, type LocalStorageDriver, snapshotTree } from '@onitu/test-utils'
import { runtimeDirectory } from './session-state.ts'

const FOLDER = 'default'
/** More paths than these say nothing that the first ones do not. */
const PATHS = 5
/** Lines of the log of a path. */
const LINES = 40

/** A failure after many kills may not come again for weeks: it says of every path that the services hold differently what the hub knows of it. */
export async function withEvidence(
  launcher: Launcher,
  services: readonly LocalStorageDriver[],
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check()
  } catch (error) {
    const evidence = await collect(launcher, services).catch((failure: unknown) => [`No evidence: ${String(failure)}`])
    throw new Error([error instanceof Error ? error.message : String(error), ...evidence].join('\n'), { cause: error })
  }
}

async function collect(launcher: Launcher, services: readonly LocalStorageDriver[]): Promise<string[]> {
  const trees = await Promise.all(services.map((service) => snapshotTree(service.folderPath(FOLDER))))
  const paths = [...new Set(trees.flatMap(Object.keys))].filter(
    (path) => new Set(trees.map((tree) => tree[path])).size > 1,
  )
  const log = readFileSync(join(launcher.sessionDirectory, 'logs/onitu.log'), 'utf8').split('\n')
  const db = await connect({ address: ipcAddress(runtimeDirectory(launcher), 'escalator') })
  try {
    const told = paths
      .slice(0, PATHS)
      .map(async (path) => [
        `${path}, of which the hub knows (${paths.length} paths differ):`,
        ...services.map(({ name }, at) => `  ${name} has ${trees[at]?.[path]}`),
        ...(await known(db, services, fileId(FOLDER, path))),
        ...log.filter((line) => line.includes(path)).slice(-LINES),
      ])
    return (await Promise.all(told)).flat()
  } finally {
    await db.close()
  }
}

async function known(db: Database, services: readonly LocalStorageDriver[], fid: string): Promise<string[]> {
  const names = [keys.head(fid), ...services.flatMap(({ name }) => [keys.file(name, fid), keys.order(name, fid)])]
  const values = await db.getMany(names)
  const lines = names.map((name, at) => `  ${name} = ${JSON.stringify(values[at])}`)
  for await (const [key, value] of db.range({ prefix: keys.versionPrefix(fid) })) {
    lines.push(`  ${String(key)} = ${JSON.stringify(value)}`)
  }
  return lines
}
