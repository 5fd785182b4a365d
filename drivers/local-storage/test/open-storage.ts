import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { HistoryLimits, OptionValue, ServiceFolder } from '@onitu/plug'
import { onTestFinished } from 'vitest'
import { createLocalStorage, type LocalStorage } from '../src/create-local-storage.ts'
import { context, FakePlug, serviceFolder } from './fake-plug.ts'

export interface Opened {
  readonly plug: FakePlug
  readonly storage: LocalStorage
  /** The root of the folder `docs`. */
  readonly root: string
  catchUp(): Promise<void>
}

/** A temporary folder that is removed after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(`${tmpdir()}/onitu-local-`)
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface OpenOptions {
  readonly known?: boolean
  readonly options?: Readonly<Record<string, OptionValue>>
  /** What an earlier process had reported. */
  readonly before?: FakePlug
  readonly others?: readonly string[]
  /** Of the folder `docs`. Without it nothing is kept. */
  readonly history?: HistoryLimits
  /** Of the folder `docs`. */
  readonly mode?: ServiceFolder['mode']
}

/** A running driver with the folder `docs` in `root`, closed after the test. */
export async function open(root: string, given: OpenOptions = {}): Promise<Opened> {
  const others = (given.others ?? []).map((path, index) => serviceFolder(`other${index}`, path))
  const known = given.known ?? given.before !== undefined
  const plug = new FakePlug([serviceFolder('docs', root, known, given.history, given.mode), ...others], given.options)
  for (const [key, file] of given.before?.known ?? []) plug.known.set(key, file)
  const storage = createLocalStorage(plug)
  onTestFinished(() => storage.close())
  await storage.start()
  return { plug, storage, root, catchUp: () => plug.use('catchUp')(context()) }
}
