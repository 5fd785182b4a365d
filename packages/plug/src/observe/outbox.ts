import type { Operation } from '@onitu/escalator'
import { type FileRecord, fileRecordSchema, isOnituError, keys, lastPart, parseRecord } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { untilAnswered } from '../until-answered.ts'
import type { ReportPlan } from './plan-report.ts'

/** Numbers above all that may have been used before, also by a Plug whose outbox the Referee has emptied since. */
export async function firstSequence({ db, service, clock }: Engine): Promise<number> {
  const prefix = keys.outboxPrefix(service)
  const [last] = await db.keys({ prefix, reverse: true, limit: 1 }).all()
  return Math.max(clock.now() * 1000, last === undefined ? 0 : Number(lastPart(last)) + 1)
}

/** The last version that the hub has given out. */
export function lastVersion({ db }: Engine): Promise<number> {
  return db.get<number, number>(keys.lastVersion, { default: 0 })
}

export async function readRecords(
  { db, service }: Engine,
  fids: readonly string[],
): Promise<Map<string, FileRecord | undefined>> {
  const names = fids.map((fid) => keys.file(service, fid))
  const values = await db.getMany(names)
  return new Map(
    fids.map((fid, at) => {
      const value = values[at]
      return [fid, value === undefined ? undefined : parseRecord(fileRecordSchema, value, names[at] ?? fid)]
    }),
  )
}

/** Writes what a report means, in one batch, and wakes the Referee if it has something to decide. */
export async function writePlan(engine: Engine, plan: ReportPlan): Promise<void> {
  const { service } = engine
  const operations: Operation[] = []
  for (const { sequence, observation } of plan.observations) {
    operations.push({ type: 'put', key: keys.outbox(service, sequence), value: observation })
  }
  for (const [fid, record] of plan.records) {
    operations.push({ type: 'put', key: keys.file(service, fid), value: record })
  }
  if (operations.length === 0) return
  await writeOnce(engine, plan, operations)
  if (plan.observations.length > 0) engine.wakeReferee()
}

/**
 * After an unknown outcome the records tell, as soon as they can be read: the Referee may have taken the observations, which must not
 * come twice.
 */
async function writeOnce(engine: Engine, plan: ReportPlan, operations: readonly Operation[]): Promise<void> {
  let isUnknown = false
  await untilAnswered(engine, async () => {
    if (isUnknown && (await wasWritten(engine, plan))) return
    try {
      await engine.db.batch(operations)
    } catch (error) {
      isUnknown ||= isOnituError(error) && error.code === 'OUTCOME_UNKNOWN'
      throw error
    }
  })
}

async function wasWritten(engine: Engine, plan: ReportPlan): Promise<boolean> {
  const [first] = plan.records
  if (first === undefined) return false
  const [fid, record] = first
  const stored = (await readRecords(engine, [fid])).get(fid)
  return stored?.reported === record.reported && stored.token === record.token
}
