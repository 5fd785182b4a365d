import { readFileSync } from 'node:fs'
import { Launcher, Setup, type StartOptions } from '@onitu/test-utils'
import { afterAll, beforeAll, expect } from 'vitest'

/** A running Onitu with its services, as one launch of a test file shares it. */
export interface Hub<S> {
  readonly setup: Setup
  readonly launcher: Launcher
  readonly services: S
}

/** Prepares without starting: gives the services after adding them to the setup. */
export type Build<S> = (setup: Setup) => S

/** Starts, runs the body and ends with nothing left behind, whatever the body did. */
export async function withHub<S>(
  build: Build<S>,
  body: (hub: Hub<S>) => Promise<void>,
  { start = true, ...options }: StartOptions & { readonly start?: boolean } = {},
): Promise<void> {
  const hub = prepare(build)
  try {
    if (start) await hub.launcher.start(options)
    await body(hub)
  } catch (error) {
    if (process.env.ONITU_TEST_OUTPUT !== undefined)
      console.error(hub.launcher.process.stdout, hub.launcher.process.stderr)
    throw error
  } finally {
    await end(hub)
  }
}

/** One launch for all tests of a file. The hub is there as soon as the first test runs. */
export function sharedHub<S>(build: Build<S>, options: StartOptions = {}): () => Hub<S> {
  let hub: Hub<S> | undefined
  beforeAll(async () => {
    hub = prepare(build)
    await hub.launcher.start(options)
  })
  afterAll(async () => {
    if (hub === undefined) return
    if (process.env.ONITU_TEST_OUTPUT !== undefined)
      console.error(hub.launcher.process.stdout, hub.launcher.process.stderr)
    await end(hub)
  })
  return () => {
    if (hub === undefined) throw new Error('The hub is started before the first test')
    return hub
  }
}

function prepare<S>(build: Build<S>): Hub<S> {
  const setup = new Setup()
  return { setup, services: build(setup), launcher: new Launcher(setup) }
}

async function end({ launcher, setup }: Hub<unknown>): Promise<void> {
  try {
    await launcher.close()
    const left = (await launcher.strayProcesses()).map(describeProcess)
    expect(left, 'processes left after onitu ended').toEqual([])
  } finally {
    for (const pid of await launcher.strayProcesses()) process.kill(pid, 'SIGKILL')
    await setup.clean()
  }
}

function describeProcess(pid: number): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`
  } catch (error) {
    return `${pid}, of which nothing can be read: ${String(error)}`
  }
}
