import { once } from 'node:events'
import { resolve } from 'node:path'
import { startServer } from '../server/start-server.ts'

export interface ServeFlags {
  readonly dir: string
  readonly bind?: string
}

/** The name of the socket in the directory, when no address is given. */
const SOCKET = 'escalator.sock'

/** `escalator serve`: until SIGINT or SIGTERM. */
export async function serve({ dir, bind }: ServeFlags): Promise<void> {
  const directory = resolve(dir)
  const stop = stopSignal()
  const server = await startServer({ directory, address: bind ?? `ipc://${directory}/${SOCKET}` })
  process.stdout.write(`Serving the databases in ${directory} at ${server.address}\n`)
  try {
    await stop
  } finally {
    await server.close()
  }
  process.stdout.write('Stopped\n')
}

/** Settles at the first signal; the second one ends the process as usual. */
async function stopSignal(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
