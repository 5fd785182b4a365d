import type { Database } from '@onitu/escalator'
import { type Head, headSchema, keys, type Observation, parseRecord } from '@onitu/protocol'
import { readOutbox } from '../read-outbox.ts'
import { isLiveFile, type PendingLoss, takeIn } from './pending-loss.ts'

const PAGE = 1000

/** What an outbox takes away: read on from time to time, while more comes. Times are ms since 1970. */
export interface Survey {
  readonly loss: PendingLoss
  /** Live files of folders, where they had to be counted. */
  readonly live: Map<string, number>
  /** Up to this key the outbox was read. */
  readonly readTo: string
  readonly began: number
  /** When there was more of it last. */
  readonly grew: number
}

export function beginSurvey(now: number): Survey {
  return { loss: new Map(), live: new Map(), readTo: '', began: now, grew: now }
}

/** Reads what has come since. */
export async function readOn(db: Database, service: string, survey: Survey, now: number): Promise<Survey> {
  const before = sizeOf(survey.loss)
  let { readTo } = survey
  for (;;) {
    const page = await readOutbox(db, service, PAGE, readTo === '' ? undefined : readTo)
    await takeAllIn(db, survey.loss, page.observations)
    readTo = page.keys.at(-1) ?? readTo
    if (page.keys.length < PAGE) break
  }
  return { ...survey, readTo, grew: sizeOf(survey.loss) > before ? now : survey.grew }
}

/** Whether a folder may have more files than so many: directories are taken for files, as that can be told by the keys. */
export async function hasMoreFiles(db: Database, folder: string, files: number): Promise<boolean> {
  if (files < 0) return true
  const found = await db.keys({ prefix: keys.pathPrefix(folder), limit: files + 1 }).all()
  return found.length > files
}

/** The live files of a folder, counted. */
export async function countLiveFiles(db: Database, folder: string): Promise<number> {
  let count = 0
  for await (const [key, value] of db.range({ prefix: keys.headPrefix })) {
    const head = parseRecord(headSchema, value, key)
    if (head.folder === folder && isLiveFile(head)) count++
  }
  return count
}

async function takeAllIn(db: Database, loss: PendingLoss, observations: readonly Observation[]): Promise<void> {
  const heads = await readHeads(
    db,
    observations.map(({ fid }) => fid),
  )
  for (const observation of observations) takeIn(loss, observation, (fid) => heads.get(fid))
}

async function readHeads(db: Database, fids: readonly string[]): Promise<Map<string, Head>> {
  const values = await db.getMany(fids.map((fid) => keys.head(fid)))
  return new Map(
    fids.flatMap((fid, index) => {
      const value = values[index]
      return value === undefined || value === null ? [] : [[fid, parseRecord(headSchema, value, keys.head(fid))]]
    }),
  )
}

function sizeOf(loss: PendingLoss): number {
  return [...loss.values()].reduce((sum, fids) => sum + fids.size, 0)
}
