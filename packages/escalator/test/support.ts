import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { type Client, type ConnectOptions, connect } from '../src/client/connect.ts'
import { type Server, type ServerOptions, startServer } from '../src/server/start-server.ts'

const cleanups: (() => unknown)[] = []

/** Runs at the end of the test, the last first. */
export function cleanup(task: () => unknown): void {
  cleanups.push(task)
}

afterEach(async () => {
  for (let task = cleanups.pop(); task !== undefined; task = cleanups.pop()) await task()
})

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'esc-'))
  cleanup(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export async function serve(options: Partial<ServerOptions> = {}): Promise<Server> {
  const directory = options.directory ?? (await temporaryDirectory())
  const server = await startServer({ address: `ipc://${directory}/socket`, ...options, directory })
  cleanup(() => server.close())
  return server
}

export async function client(address: string, options: Partial<ConnectOptions> = {}): Promise<Client> {
  const connected = await connect({ address, ...options })
  cleanup(() => connected.close())
  return connected
}

export async function open(): Promise<{ server: Server; database: Client }> {
  const server = await serve()
  return { server, database: await client(server.address) }
}

export interface ServerProcess {
  readonly child: ChildProcess
  readonly exited: Promise<unknown[]>
  readonly answer: unknown
}

/** The process entry as it is published, so the package has to be built. */
export async function forkServer(configuration: unknown): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('../dist/server/main.js', import.meta.url)), { stdio: 'pipe' })
  const exited = once(child, 'exit')
  cleanup(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const answered = once(child, 'message')
  child.send(configuration as object)
  const [answer] = await answered
  return { child, exited, answer }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patience = 20_000,
): Promise<void> {
  const deadline = performance.now() + patience
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${patience} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
