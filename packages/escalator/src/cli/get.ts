import { isOnituError } from '@onitu/protocol'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { toJsonText } from './json-text.ts'
import { createOutput } from './output.ts'
import { type ClientFlags, useClient } from './use-client.ts'

export interface GetFlags extends ClientFlags {
  readonly raw?: boolean
}

/** `escalator get` */
export async function get(key: string, flags: GetFlags): Promise<void> {
  const { raw = false } = flags
  const value = await useClient(flags, false, (client) => client.get(key, { raw })).catch((error: unknown) => {
    throw explain(key, error)
  })
  const output = createOutput()
  await output.write(raw && value instanceof Uint8Array ? value : `${toJsonText(value)}\n`)
  await output.end()
}

function explain(key: string, error: unknown): unknown {
  if (!isOnituError(error)) return error
  if (error.code === 'KEY_NOT_FOUND')
    return new CommandFailed(exitStatus.error, `There is no key ${JSON.stringify(key)}`, { cause: error })
  if (error.code !== 'PROTOCOL') return error
  const message = `The value of ${JSON.stringify(key)} is not msgpack; read its bytes with --raw`
  return new CommandFailed(exitStatus.error, message, { cause: error })
}
