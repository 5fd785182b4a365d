import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { readInput } from './input.ts'
import { fromJsonText } from './json-text.ts'
import { type ClientFlags, useClient } from './use-client.ts'

export interface PutFlags extends ClientFlags {
  readonly raw?: boolean
  readonly sync?: boolean
}

/** `escalator put`; without `text` the value comes from stdin. */
export async function put(key: string, text: string | undefined, flags: PutFlags): Promise<void> {
  const { raw = false, sync = false } = flags
  const bytes = text === undefined ? await readInput() : Buffer.from(text)
  const value = raw ? bytes : parseValue(Buffer.from(bytes).toString())
  await useClient(flags, true, (client) => client.put(key, value, { raw, sync }))
}

function parseValue(text: string): unknown {
  try {
    return fromJsonText(text)
  } catch (cause) {
    throw new CommandFailed(
      exitStatus.usage,
      `The value is not JSON: ${String(cause)}. A string needs its quotes ('"text"'); --raw stores bytes as they are`,
      { cause },
    )
  }
}
