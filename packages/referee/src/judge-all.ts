import type { Database } from '@onitu/escalator'
import { fileRecordSchema, headSchema, keys, lastPart, parseRecord } from '@onitu/protocol'
import { decide } from './decide/decide.ts'
import { judgeHead } from './decide/judge-head.ts'
import { observationOfRecord } from './decide/observation-of-record.ts'
import type { Policy } from './decide/policy.ts'
import { type Committed, decideMany, type Step } from './decide-many.ts'
import { loadFiles } from './load.ts'
import type { RequestWorld } from './requests/request-batch.ts'

const PAGE = 500

interface Item {
  readonly fid: string
  readonly step: Step
}

/**
 * Judges everything again under a changed setup: first what services hold and was kept out until now, then who should
 * have each head. Every page is a batch of its own and doing it twice changes nothing, so it may be interrupted.
 */
export async function* judgeAll(work: RequestWorld): AsyncGenerator<Committed> {
  const { db, policy } = work
  for (const service of policy.services.keys()) {
    for await (const page of pages(db, keys.filePrefix(service))) {
      yield await run(work, await stepsOf(db, service, page))
    }
  }
  const held = await heldKeys(db, policy)
  for await (const page of pages(db, keys.headPrefix)) {
    yield await run(
      work,
      page.map(([key, value]) => {
        const head = parseRecord(headSchema, value, key)
        const isHeld = (service: string) => held.has(keys.held(service, head.folder, head.kind, head.fid))
        return {
          fid: head.fid,
          step: (situation) => judgeHead(situation, situation.view.head(head.fid) ?? head, isHeld),
        }
      }),
    )
  }
}

async function stepsOf(db: Database, service: string, page: readonly [string, unknown][]): Promise<Item[]> {
  const records = page.map(([key, value]) => parseRecord(fileRecordSchema, value, key))
  // After the records: a service may report meanwhile, and writes its record and its outbox at once. Nothing is taken out of that before the end.
  const outbox = await db.getMany(
    records.map(({ reported }) => keys.outbox(service, reported)),
    { raw: true },
  )
  return page.flatMap(([key], at): Item[] => {
    const record = records[at]
    const observation = record && observationOfRecord(lastPart(key), record, outbox[at] !== undefined)
    if (observation === undefined) return []
    return [{ fid: observation.fid, step: (situation) => decide(situation, service, observation) }]
  })
}

async function heldKeys(db: Database, policy: Policy): Promise<ReadonlySet<string>> {
  const services = [...policy.services.keys()]
  return new Set((await Promise.all(services.map((name) => db.keys({ prefix: keys.heldPrefix(name) }).all()))).flat())
}

async function run({ db, policy, now, holding }: RequestWorld, items: readonly Item[]): Promise<Committed> {
  const preload = (view: Parameters<typeof loadFiles>[2]) =>
    loadFiles(
      db,
      [...policy.services.keys()],
      view,
      items.map(({ fid }) => fid),
    )
  return decideMany({ db, policy, now: now(), preload, steps: items.map(({ step }) => step), holding, decided: [] })
}

async function* pages(db: Database, prefix: string): AsyncGenerator<[string, unknown][]> {
  let page: [string, unknown][] = []
  for await (const entry of db.range({ prefix })) {
    page.push(entry)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
