import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, startClient } from './client.ts'
import { type Server, startServer } from './server.ts'
import type { Candidate } from './store.ts'
import { type Task, tasks } from './tasks.ts'
import { KEYS } from './work.ts'

/** One candidate, filled and ready: its server if it has one, and its clients. */
export interface Contestant {
  readonly candidate: Candidate
  readonly clients: readonly Client[]
  /** Of the server with one idle client, in MB, before anything was written. */
  readonly idleMemory: number | undefined
  /** Of the server now. */
  memory(): number | undefined
  /** Undefined when it cannot take part: a task for several processes, and it has no server. */
  run(task: Task, duration: number): Promise<number | undefined>
  stop(): Promise<void>
}

const MOST_CLIENTS = Math.max(...tasks.map(({ works }) => works.length))

export async function prepare(candidate: Candidate, folder: string): Promise<Contestant> {
  const directory = join(folder, candidate)
  mkdirSync(directory)
  const server = candidate === 'classic-level' ? undefined : await startServer(candidate, directory)
  const clients = await startClients(candidate, server?.address ?? directory)
  const idleMemory = server?.memory()
  await clients[0]?.fill(KEYS)
  return {
    candidate,
    clients,
    idleMemory,
    memory: () => server?.memory(),
    run: (task, duration) => run(task, clients, duration),
    stop: () => stop(clients, server),
  }
}

async function startClients(candidate: Candidate, address: string): Promise<Client[]> {
  const count = candidate === 'classic-level' ? 1 : MOST_CLIENTS
  const clients = Array.from({ length: count }, startClient)
  for (const client of clients) await client.open({ type: 'open', candidate, address })
  return clients
}

async function run(task: Task, clients: readonly Client[], duration: number): Promise<number | undefined> {
  const pairs = task.works.flatMap((work, index) => {
    const client = clients[index]
    return client === undefined ? [] : [{ client, work }]
  })
  if (pairs.length < task.works.length) return undefined
  return task.measure(await Promise.all(pairs.map(({ client, work }) => client.work(work, duration))))
}

async function stop(clients: readonly Client[], server: Server | undefined): Promise<void> {
  for (const client of clients) await client.stop()
  await server?.stop()
}
