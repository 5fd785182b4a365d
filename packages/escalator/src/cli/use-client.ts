import { type Client, type ConnectOptions, connect } from '../client/connect.ts'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'

/** The flags of every command that talks to a server. */
export interface ClientFlags {
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
  const client = await connect({ ...connectOptions(flags), create })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

function connectOptions({ address, database, prefix, timeout }: ClientFlags): ConnectOptions {
  if (address === undefined) {
    throw new CommandFailed(
      exitStatus.usage,
      'Which server? Give its address (as `escalator serve` shows it) with --address or in ESCALATOR_ADDRESS',
    )
  }
  return { address, database, prefix, timeout }
}
