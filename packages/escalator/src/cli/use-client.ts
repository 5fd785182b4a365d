import { type Client, type ConnectOptions, connect } from '../client/connect.ts'
import { CommandFailed } from './command-failed.ts'
import { type CurveFlags, curveOptions } from './curve-flags.ts'
import { exitStatus } from './exit-status.ts'

/** The flags of every command that talks to a server. */
export interface ClientFlags extends CurveFlags {
  readonly address?: string
  readonly database: string
  readonly prefix: string
  /** ms */
  readonly timeout: number
}

/** Connects, works, closes. `create`: a database that is missing is made. */
export async function useClient<T>(
  flags: ClientFlags,
  create: boolean,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect({ ...(await connectOptions(flags)), create })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

async function connectOptions(flags: ClientFlags): Promise<ConnectOptions> {
  const { address, database, prefix, timeout } = flags
  if (address === undefined) {
    throw new CommandFailed(
      exitStatus.usage,
      'Which server? Give its address (as `escalator serve` shows it) with --address or in ESCALATOR_ADDRESS',
    )
  }
  // Keys in the environment are for tcp, and do not get in the way elsewhere.
  const environment = address.startsWith('tcp://') ? process.env : {}
  const curve = await curveOptions(flags, environment)
  return { address, database, prefix, timeout, ...(curve === undefined ? {} : { curve }) }
}
