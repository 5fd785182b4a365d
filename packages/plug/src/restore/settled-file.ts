import { type FileRecord, headSchema, keys, OnituError, parseRecord } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { readRecords } from '../observe/outbox.ts'
import { sleep } from '../sleep.ts'

/** What a service holds of a file that everybody agrees on. */
export interface SettledFile {
  readonly record: FileRecord | undefined
  /** The state that may be replaced; null: the service does not hold the file. */
  readonly token: string | null
}

/** ms */
const LONGEST = 15_000
const STEP = 50

/**
 * Waits until the service is up to date with a file: a change made before that would be made without having seen what
 * the others hold, that is a conflict.
 * @throws OnituError `BUSY` (retryable)
 */
export async function untilSettled(
  engine: Engine,
  fid: string,
  path: string,
  signal: AbortSignal,
): Promise<SettledFile> {
  const deadline = engine.clock.now() + LONGEST
  for (;;) {
    const settled = await readSettled(engine, fid)
    if (settled !== undefined) return settled
    if (engine.clock.now() >= deadline) {
      throw new OnituError(
        'BUSY',
        `"${path}" is not in sync on ${engine.service} yet; try again after \`onitu wait\``,
        {
          retryable: true,
        },
      )
    }
    await sleep(engine.clock, STEP, signal)
    signal.throwIfAborted()
  }
}

/** Undefined while an order or an observation about the file waits. */
export async function readSettled(engine: Engine, fid: string): Promise<SettledFile | undefined> {
  const { db, service } = engine
  const record = (await readRecords(engine, [fid])).get(fid)
  const observation = keys.outbox(service, record?.reported ?? 0)
  // The head last: whatever was decided on in between shows itself there.
  const waiting = await db.getMany([keys.order(service, fid), observation])
  const found = await db.get(keys.head(fid), { default: undefined })
  const head = found === undefined ? undefined : parseRecord(headSchema, found, keys.head(fid))
  const agreed = head === undefined || head.version === record?.version || (head.deleted && record === undefined)
  if (!agreed || waiting.some((value) => value !== undefined)) return undefined
  return { record, token: record?.token ?? null }
}
