import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Served } from './store.ts'

/** The server process of a candidate, on a Unix socket and a directory of its own. */
export interface Server {
  /** For the clients. */
  readonly address: string
  /** Resident memory in MB (10^6 bytes). */
  memory(): number
  stop(): Promise<void>
}

const STARTING = 10_000

export async function startServer(candidate: Served, directory: string): Promise<Server> {
  const socket = `${directory}/socket`
  const child = await starters[candidate](directory, socket)
  return {
    address: candidate === 'escalator' ? `ipc://${socket}` : socket,
    memory: () => residentMemory(child.pid ?? 0),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

const starters: Record<Served, (directory: string, socket: string) => Promise<ChildProcess>> = {
  async escalator(directory, socket) {
    const child = fork(fileURLToPath(import.meta.resolve('@onitu/escalator/main')))
    child.send({ type: 'start', address: `ipc://${socket}`, directory: `${directory}/data` })
    await ready(child)
    return child
  },
  async 'many-level'(directory, socket) {
    const child = fork(new URL('./many-level-server.js', import.meta.url), [`${directory}/data`, socket])
    await ready(child)
    return child
  },
  async redis(directory, socket) {
    const settings = { port: '0', unixsocket: socket, dir: directory, appendonly: 'yes', save: '' }
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn('redis-server', options, { stdio: 'ignore' })
    await appears(socket, child)
    return child
  },
}

async function ready(child: ChildProcess): Promise<void> {
  const [message] = (await once(child, 'message')) as [{ readonly type: string }]
  if (message.type !== 'ready') throw new Error(`A server did not start: ${JSON.stringify(message)}`)
}

async function appears(path: string, child: ChildProcess): Promise<void> {
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  const seen = (async () => {
    for (const end = performance.now() + STARTING; !existsSync(path); await sleep(10))
      if (performance.now() > end) throw new Error(`${path} did not appear; the server said nothing`)
  })()
  await Promise.race([seen, failed])
}

function residentMemory(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kilobytes) * 1024) / 1e6
}
