import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemote } from '@onitu/driver-remote'
import { generateKeyPair } from '@onitu/escalator/messaging'
import { runRemote } from '@onitu/majordomo/client'
import { HubLink, type HubSession } from '@onitu/majordomo/hub'
import type { AuthorizedKey } from '@onitu/majordomo/keys'
import { Majordomo } from '@onitu/majordomo/relay'
import type { DriverPlug } from '@onitu/plug'

let instances = 0

interface Hosting {
  readonly service: string
  /** URL of the module. */
  readonly driver: string
  readonly options: DriverPlug['options']
  /** Where the folders are, by name. */
  readonly folders: ReadonlyMap<string, string>
}

/** Runs a driver on the other side of a Majordomo of its own, all over real sockets, as the service of this Plug. */
export async function startHosted(plug: DriverPlug, driver: string): Promise<{ close(): Promise<void> }> {
  const folders = new Map([...plug.folders.values()].map(({ name, path }) => [name, path]))
  const { options } = plug
  const { runtime, running, close } = await host({ service: plug.name, driver, options, folders })
  const remote = createRemote(plug, { runtime })
  await remote.start()
  await Promise.race([remote.connected(), running])
  return {
    close: () => close(() => remote.close()),
  }
}

/** A folder that local-storage hosts as `default`, of which the hub is the test. */
export async function startHostedFolder(path: string) {
  const service = 'laptop'
  const driver = import.meta.resolve('@onitu/driver-local-storage')
  const folders = new Map([['default', path]])
  const { runtime, running, close } = await host({ service, driver, options: {}, folders })
  let link: HubLink | undefined
  const listening = new Promise<HubSession>((resolve) => {
    const opened = (session: HubSession) => {
      session.serve(async ({ method }) => {
        if (method === 'listen') resolve(session)
        return answerOf(method, service)
      })
    }
    link = new HubLink({ runtime, service, opened })
  })
  const session = await Promise.race([listening, running])
  if (session === undefined) throw new Error('The client has ended')
  return {
    /** Gives what its handler gives. */
    async call(handler: string, args: readonly unknown[], content?: Uint8Array): Promise<unknown> {
      return session.call(handler, args, { ...(content && { content }), timeout: 10_000 })
    },
    close: () => close(async () => link?.close()),
  }
}

/** What the hub says when it knows of no file. */
function answerOf(method: string, service: string): unknown {
  const folder = { name: 'default', mode: 'rw', identity: 'i', known: false }
  if (method === 'start') return { session: 'test', service, folders: [folder] }
  if (method === 'list') return 1
  return method === 'listMore' ? [] : null
}

/** `running` ends when the client does. */
async function host({ service, driver, options, folders }: Hosting) {
  const runtime = await mkdtemp(join(tmpdir(), 'onitu-mj-'))
  const [server, client] = [generateKeyPair(), generateKeyPair()]
  const majordomo = await Majordomo.start({
    runtime,
    requests: 'tcp://127.0.0.1:0',
    handlers: 'tcp://127.0.0.1:0',
    secretKey: server.secretKey,
    keys: [keyOf(service, client.publicKey)],
    heartbeat: 1_000,
    limits: { clients: 10, memory: 64 * 1024 * 1024 },
    setUp: async () => undefined,
    log: () => undefined,
  })
  const stop = new AbortController()
  const running = runRemote({
    server: { requests: majordomo.requests, handlers: majordomo.handlers, publicKey: server.publicKey },
    secretKey: client.secretKey,
    // Each a driver of its own, as it would be in a process of its own.
    driver: `${driver}?${++instances}`,
    options,
    folders: new Map([...folders].map(([name, path]) => [name, { path, options: {} }])),
    signal: stop.signal,
  })
  const close = async (closeHub: () => Promise<unknown>) => {
    stop.abort()
    await running
    await closeHub()
    await majordomo.close()
    await rm(runtime, { recursive: true, force: true })
  }
  return { runtime, running, close }
}

function keyOf(service: string, publicKey: string): AuthorizedKey {
  return { name: service, publicKey, service, folders: 'all', mode: 'rw', authorized: 0, revoked: null }
}
