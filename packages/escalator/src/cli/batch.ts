import type { Client } from '../client/connect.ts'
import type { Condition, Operation } from '../database.ts'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'
import { readLines } from './input.ts'
import { type BatchLine, parseOperation } from './parse-operation.ts'
import { type ClientFlags, useClient } from './use-client.ts'

export interface BatchFlags extends ClientFlags {
  readonly raw?: boolean
  readonly sync?: boolean
  /** Write after so many lines, instead of all at once. */
  readonly chunk?: number
  readonly json?: boolean
}

/** `escalator batch`: one atomic batch of all lines of stdin; with `chunk` as many as it takes, in bounded memory. */
export async function batch(flags: BatchFlags): Promise<void> {
  const written = await useClient(flags, true, (client) => writeLines(client, flags))
  process.stdout.write(flags.json ? `{"written":${written}}\n` : `${written} operations written\n`)
}

async function writeLines(client: Client, { raw = false, sync = false, chunk }: BatchFlags): Promise<number> {
  let operations: Operation[] = []
  let conditions: Condition[] = []
  let written = 0
  const write = async () => {
    await client.batch(operations, { conditions, sync })
    written += operations.length
    operations = []
    conditions = []
  }
  for await (const { number, text } of readLines()) {
    const { operation, condition } = parseLine(number, text, raw)
    if (operation !== undefined) operations.push(operation)
    else conditions.push(condition)
    if (chunk !== undefined && operations.length + conditions.length >= chunk) await write()
  }
  await write()
  return written
}

function parseLine(number: number, text: string, raw: boolean): BatchLine {
  try {
    return parseOperation(text, raw)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailed(exitStatus.usage, `Line ${number} of stdin: ${problem}`, { cause })
  }
}
