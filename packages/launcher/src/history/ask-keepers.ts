import * as v from 'valibot'
import type { Keeper } from './file-history.ts'
import type { HistorySource } from './history-source.ts'

export interface Keepers {
  /** By hash: the services that keep the content, in the order of the setup. */
  readonly keepers: ReadonlyMap<string, readonly Keeper[]>
  /** Services that do not run or did not answer. */
  readonly unasked: readonly string[]
}

/** ms */
const TIMEOUT = 10_000
/** As many as a Plug takes at once. */
const HASHES_AT_ONCE = 10_000

const replySchema = v.object({ entries: v.array(v.object({ hash: v.string(), since: v.number() })) })
type Entries = v.InferOutput<typeof replySchema>['entries']

/** Asks every service with the folder which of the contents are in its history. */
export async function askKeepers(
  source: HistorySource,
  folder: string,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<Keepers> {
  const services = [...source.setup.services.values()].filter(({ folders }) => folders.has(folder))
  const answers = await Promise.all(
    services.map(async ({ name }) => ({ service: name, entries: await askOne(source, name, folder, hashes, signal) })),
  )
  signal.throwIfAborted()
  const keepers = new Map<string, Keeper[]>()
  for (const { service, entries } of answers) {
    for (const [hash, since] of newestOf(entries ?? [])) {
      keepers.set(hash, [...(keepers.get(hash) ?? []), { service, since }])
    }
  }
  const unasked = answers.filter(({ entries }) => entries === undefined).map(({ service }) => service)
  return { keepers, unasked }
}

/** Undefined when there was no answer, for whatever reason: what the others have is worth listing all the same. */
async function askOne(
  { services, ask }: HistorySource,
  service: string,
  folder: string,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<Entries | undefined> {
  if (services.get(service)?.state !== 'running') return undefined
  const requests: Promise<unknown>[] = []
  for (let at = 0; at < hashes.length; at += HASHES_AT_ONCE) {
    const body = { type: 'history', folder, hashes: hashes.slice(at, at + HASHES_AT_ONCE) }
    requests.push(ask(service, body, TIMEOUT, signal))
  }
  const replies = await Promise.allSettled(requests)
  const parsed = replies.map((reply) => (reply.status === 'fulfilled' ? v.parse(replySchema, reply.value) : undefined))
  return parsed.includes(undefined) ? undefined : parsed.flatMap((reply) => reply?.entries ?? [])
}

/** A content that was kept several times goes last with the one that was kept last. */
function newestOf(entries: Entries): Map<string, number> {
  const newest = new Map<string, number>()
  for (const { hash, since } of entries) newest.set(hash, Math.max(since, newest.get(hash) ?? 0))
  return newest
}
