import { isOnituError, OnituError, systemCode } from '@onitu/protocol'
import type { Holdings } from './holdings.ts'
import type { LevelSnapshot } from './open-level.ts'

/** A snapshot that a client holds. */
export interface HeldSnapshot {
  readonly database: string
  readonly snapshot: LevelSnapshot
  close(): Promise<void>
}

export function holdSnapshot(database: string, snapshot: LevelSnapshot): HeldSnapshot {
  return { database, snapshot, close: () => snapshot.close() }
}

/** @throws OnituError `SNAPSHOT_GONE`, `PROTOCOL` */
export async function findSnapshot(
  snapshots: Holdings<HeldSnapshot>,
  { peer, id, database }: { readonly peer: string; readonly id: number; readonly database: string },
): Promise<LevelSnapshot> {
  const held = await snapshots.use(peer, id)
  // LevelDB takes a snapshot for a mere number, which in another database means another moment.
  if (held.database === database) return held.snapshot
  throw new OnituError('PROTOCOL', `Snapshot ${id} is of the database ${held.database}, not of ${database}`)
}

const GONE: Readonly<Record<string, string>> = {
  LEVEL_ITERATOR_NOT_OPEN: 'RANGE_GONE',
  LEVEL_SNAPSHOT_NOT_OPEN: 'SNAPSHOT_GONE',
  LEVEL_DATABASE_NOT_OPEN: 'RANGE_GONE',
}

/** What LevelDB says when its database was released below a range or snapshot, in the words of the protocol. */
export function goneError(error: unknown): unknown {
  const code = isOnituError(error) ? undefined : GONE[systemCode(error) ?? '']
  return code === undefined
    ? error
    : new OnituError(code, 'It went with its database, which was released', { cause: error })
}
