import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { resolve } from 'node:path'
import { systemCode } from '@onitu/protocol'
import type { CurveServerOptions } from '../server/listeners.ts'
import { type Server, type ServerOptions, startServer } from '../server/start-server.ts'
import { readAllowFile, watchAllowFile } from './allow-file.ts'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { readKeyPair } from './key-file.ts'
import { createRefusalLog } from './refusal-log.ts'

export interface ServeFlags {
  readonly dir: string
  readonly bind?: readonly string[]
  readonly key?: string
  readonly allow?: string
  readonly maxOpenFiles?: number
  readonly maxRequest?: number
  readonly maxKey?: number
  readonly maxValue?: number
  readonly watchLog?: number
}

/** The name of the socket in the directory, when no address is given. */
const SOCKET = 'escalator.sock'

/** `escalator serve`: until SIGINT or SIGTERM. */
export async function serve(flags: ServeFlags): Promise<void> {
  const directory = resolve(flags.dir)
  const address = flags.bind ?? [`ipc://${directory}/${SOCKET}`]
  const stop = stopSignal()
  const curve = await curveOptions(flags)
  for (const one of address) await checkFree(one)
  const server = await startServer({ directory, address, ...sizes(flags), ...(curve === undefined ? {} : { curve }) })
  const unwatch = flags.allow === undefined ? undefined : followAllowFile(flags.allow, server)
  process.stdout.write(`Serving the databases in ${directory} at ${server.addresses.join(' and ')}\n`)
  try {
    await stop
  } finally {
    unwatch?.()
    await server.close()
  }
  process.stdout.write('Stopped\n')
}

function sizes({ maxOpenFiles, maxRequest, maxKey, maxValue, watchLog }: ServeFlags): Partial<ServerOptions> {
  return {
    limits: {
      ...(maxRequest === undefined ? {} : { request: maxRequest }),
      ...(maxKey === undefined ? {} : { key: maxKey }),
      ...(maxValue === undefined ? {} : { value: maxValue }),
    },
    ...(maxOpenFiles === undefined ? {} : { maxOpenFiles }),
    ...(watchLog === undefined ? {} : { watchLog }),
  }
}

async function curveOptions({ key, allow }: ServeFlags): Promise<CurveServerOptions | undefined> {
  if (key === undefined && allow === undefined) return undefined
  if (key === undefined || allow === undefined) {
    throw new CommandFailed(
      exitStatus.usage,
      '--key and --allow go together: the key of the server, and who may connect',
    )
  }
  const pair = await readKeyPair(key)
  const allowedKeys = (await readAllowFile(allow)).keys()
  process.stdout.write(`Public key of this server, for its clients: ${pair.publicKey}\n`)
  return { ...pair, allowedKeys, refused: createRefusalLog((line) => process.stderr.write(`${line}\n`)) }
}

/** A list that cannot be read leaves those in force that were. */
function followAllowFile(path: string, server: Server): () => void {
  const update = async () => {
    try {
      const list = await readAllowFile(path)
      await server.allowKeys(list.keys())
      process.stdout.write(`${list.size} keys are allowed now\n`)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      process.stderr.write(`escalator: ${problem}. The keys allowed before still are\n`)
    }
  }
  return watchAllowFile(path, () => void update())
}

/** ZeroMQ takes a socket in the file system away from whoever listens there. @throws CommandFailed */
async function checkFree(address: string): Promise<void> {
  const path = address.startsWith('ipc://') ? address.slice('ipc://'.length) : ''
  if (path === '' || path === '*' || path.startsWith('@')) return
  const socket = connectSocket(path)
  try {
    await once(socket, 'connect')
  } catch (error) {
    // What cannot be reached is not in use; what is wrong with the path itself, binding will tell.
    if (systemCode(error) !== undefined) return
    throw error
  } finally {
    socket.destroy()
  }
  throw new CommandFailed(exitStatus.error, `A server listens at ${address} already; stop it, or choose another --bind`)
}

/** Settles at the first signal; the second one ends the process as usual. */
async function stopSignal(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
