import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemote } from '@onitu/driver-remote'
import { generateKeyPair } from '@onitu/escalator/messaging'
import { runRemote } from '@onitu/majordomo/client'
import type { AuthorizedKey } from '@onitu/majordomo/keys'
import { Majordomo } from '@onitu/majordomo/relay'
import type { DriverPlug } from '@onitu/plug'

let instances = 0

/** Runs a driver on the other side of a Majordomo of its own, all over real sockets, as the service of this Plug. */
export async function startHosted(plug: DriverPlug, driver: string): Promise<{ close(): Promise<void> }> {
  const runtime = await mkdtemp(join(tmpdir(), 'onitu-mj-'))
  const [server, client] = [generateKeyPair(), generateKeyPair()]
  const majordomo = await Majordomo.start({
    runtime,
    requests: 'tcp://127.0.0.1:0',
    handlers: 'tcp://127.0.0.1:0',
    secretKey: server.secretKey,
    keys: [keyOf(plug.name, client.publicKey)],
    heartbeat: 1_000,
    limits: { clients: 10, memory: 64 * 1024 * 1024 },
    setUp: async () => undefined,
    log: () => undefined,
  })
  const remote = createRemote(plug, { runtime })
  await remote.start()
  const stop = new AbortController()
  const running = runRemote({
    server: { requests: majordomo.requests, handlers: majordomo.handlers, publicKey: server.publicKey },
    secretKey: client.secretKey,
    // Each a driver of its own, as it would be in a process of its own.
    driver: `${driver}?${++instances}`,
    options: plug.options,
    folders: new Map([...plug.folders.values()].map(({ name, path }) => [name, { path, options: {} }])),
    signal: stop.signal,
  })
  await Promise.race([remote.connected(), running])
  return {
    async close() {
      stop.abort()
      await running
      await remote.close()
      await majordomo.close()
      await rm(runtime, { recursive: true, force: true })
    },
  }
}

function keyOf(service: string, publicKey: string): AuthorizedKey {
  return { name: service, publicKey, service, folders: 'all', mode: 'rw', authorized: 0, revoked: null }
}
