import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@onitu/escalator'
import { type Head, headSchema, ipcAddress, keys, parseRecord } from '@onitu/protocol'
import { type Launcher, type LocalStorageDriver, type StartOptions, snapshotTree } from '@onitu/test-utils'
import { expect } from 'vitest'

/** The directory of the sockets of the session that runs. */
export function runtimeDirectory(launcher: Launcher): string {
  const { runtime } = JSON.parse(readFileSync(join(launcher.sessionDirectory, 'session.json'), 'utf8'))
  if (typeof runtime !== 'string') throw new TypeError('session.json names no runtime directory')
  return runtime
}

/** What the database of a running session says. */
interface Records {
  readonly lastVersion: number
  /** Observations, orders, journals and failures: nothing of that stays when there is nothing to do. */
  readonly pending: readonly string[]
  /** `path kind` of all that lives. */
  readonly living: readonly string[]
}

async function readRecords(launcher: Launcher, services: readonly LocalStorageDriver[]): Promise<Records> {
  const db = await connect({ address: ipcAddress(runtimeDirectory(launcher), 'escalator') })
  try {
    const prefixes = services.flatMap(({ name }) =>
      [keys.outboxPrefix, keys.orderPrefix, keys.transferPrefix, keys.failurePrefix].map((prefix) => prefix(name)),
    )
    const pending = await Promise.all(prefixes.map((prefix) => db.keys({ prefix }).all()))
    const heads: Head[] = []
    for await (const [key, value] of db.range({ prefix: keys.headPrefix })) {
      heads.push(parseRecord(headSchema, value, String(key)))
    }
    return {
      lastVersion: await db.get<number, number>(keys.lastVersion, { default: 0 }),
      pending: pending.flat(),
      living: heads
        .filter(({ deleted }) => !deleted)
        .map(({ path, kind }) => `${path} ${kind}`)
        .sort(),
    }
  } finally {
    await db.close()
  }
}

/** The hub is at rest: it knows exactly what the services hold, has nothing left to do, and finds nothing to do after a restart. */
export async function expectAtRest(
  launcher: Launcher,
  services: readonly LocalStorageDriver[],
  options: StartOptions = {},
): Promise<void> {
  const [first] = services
  if (first === undefined) throw new TypeError('There is no service')
  const before = await readRecords(launcher, services)
  const held = Object.entries(await snapshotTree(first.folderPath('default')))
  expect(before.living, `what the hub knows and ${first.name} holds`).toEqual(
    held.map(([path, line]) => `${path} ${line.split(' ')[0]}`).sort(),
  )
  expect(before.pending, 'left to do').toEqual([])
  await launcher.quit()
  await launcher.start(options)
  await launcher.settle()
  expect(await readRecords(launcher, services), 'after a restart').toEqual(before)
}
