import { type ClientFlags, useClient } from './use-client.ts'

export interface DelFlags extends ClientFlags {
  readonly sync?: boolean
}

/** `escalator del`: all of them in one batch. A key that is absent is no failure. */
export async function del(keys: readonly string[], flags: DelFlags): Promise<void> {
  const { sync = false } = flags
  const operations = keys.map((key) => ({ type: 'delete', key }) as const)
  await useClient(flags, false, (client) => client.batch(operations, { sync }))
}
