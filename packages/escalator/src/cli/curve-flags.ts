import type { CurveClientOptions } from '../messaging/curve-client.ts'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { readKeyPair, readPublicKey } from './key-file.ts'

export interface CurveFlags {
  /** File with the secret key of this client. */
  readonly key?: string
  /** File with the public key of the server. */
  readonly serverKey?: string
}

/**
 * The keys of a client: from files, or from the environment (the keys themselves), where there is no file. Never from
 * arguments: everyone on the machine can read those.
 */
export async function curveOptions(
  { key, serverKey }: CurveFlags,
  environment: NodeJS.ProcessEnv,
): Promise<CurveClientOptions | undefined> {
  const secret = key === undefined ? environment.ESCALATOR_SECRET_KEY : (await readKeyPair(key)).secretKey
  const server = serverKey === undefined ? environment.ESCALATOR_SERVER_KEY : await readPublicKey(serverKey)
  if (secret === undefined && server === undefined) return undefined
  if (secret !== undefined && server !== undefined) return { secretKey: secret, serverKey: server }
  const missing =
    secret === undefined ? 'the secret key of this client (--key' : 'the public key of the server (--server-key'
  const variable = secret === undefined ? 'ESCALATOR_SECRET_KEY' : 'ESCALATOR_SERVER_KEY'
  throw new CommandFailed(exitStatus.usage, `Also needed: ${missing} FILE, or ${variable})`)
}
