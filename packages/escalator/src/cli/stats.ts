import { formatStats } from './format-stats.ts'
import { type ClientFlags, useClient } from './use-client.ts'

export interface StatsFlags extends ClientFlags {
  readonly json?: boolean
}

/** `escalator stats` */
export async function stats(flags: StatsFlags): Promise<void> {
  const collected = await useClient(flags, true, (client) => client.stats())
  process.stdout.write(flags.json ? `${JSON.stringify(collected)}\n` : formatStats(collected))
}
