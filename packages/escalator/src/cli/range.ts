import type { Client } from '../client/connect.ts'
import type { RangeOptions } from '../database.ts'
import { toJsonText } from './json-text.ts'
import { createOutput, type Output } from './output.ts'
import { type ClientFlags, useClient } from './use-client.ts'

export interface RangeFlags extends ClientFlags {
  readonly start?: string
  readonly stop?: string
  readonly includeStop?: boolean
  /** False with --exclude-start. */
  readonly excludeStart?: boolean
  readonly reverse?: boolean
  readonly limit?: number
  readonly keys?: boolean
  readonly values?: boolean
  readonly json?: boolean
  readonly raw?: boolean
}

/** `escalator range`: an entry per line, with a tab between key and value, or as JSON that `escalator batch` takes. */
export async function range(flags: RangeFlags): Promise<void> {
  const output = createOutput()
  await useClient(flags, false, (client) => writeEntries(client, flags, output))
  await output.end()
}

async function writeEntries(client: Client, flags: RangeFlags, output: Output): Promise<void> {
  const options = rangeOptions(flags)
  const keyText = flags.json ? JSON.stringify : (key: string) => key
  if (flags.keys) {
    for await (const key of client.keys(options)) await output.write(`${keyText(key)}\n`)
  } else if (flags.values) {
    for await (const value of client.values(options)) await output.write(`${toJsonText(value)}\n`)
  } else {
    const line = flags.json ? jsonLine : (key: string, value: unknown) => `${key}\t${toJsonText(value)}\n`
    for await (const [key, value] of client.range(options)) await output.write(line(key, value))
  }
}

function jsonLine(key: string, value: unknown): string {
  return `{"key":${JSON.stringify(key)},"value":${toJsonText(value)}}\n`
}

function rangeOptions({ start, stop, excludeStart, includeStop, reverse, limit, raw }: RangeFlags): RangeOptions {
  return {
    ...(start === undefined ? {} : { start }),
    ...(stop === undefined ? {} : { stop }),
    ...(limit === undefined ? {} : { limit }),
    includeStart: excludeStart !== true,
    includeStop: includeStop === true,
    reverse: reverse === true,
    raw: raw === true,
  }
}
