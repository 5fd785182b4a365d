import { isOnituError, type OnituError } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { FileLocks } from '../file-locks.ts'
import { untilAnswered } from '../until-answered.ts'
import { asUpdate, type CheckedChange, checkedChange, fidsOf } from './checked-change.ts'
import { readRecords } from './outbox.ts'
import type { ChangeReader } from './read-change.ts'
import { UnreadChanges } from './unread-changes.ts'

export interface ContentReadHooks {
  /** Writes what could be read later. Its file is locked. */
  readonly write: (checked: CheckedChange) => Promise<void>
  readonly problem: (folder: string, path: string, code: string, reason: string) => void
  /** What is awaited when the service ends. */
  readonly track: (task: Promise<void>) => void
}

/**
 * ms, the longest pause before what was not there any more is looked for once more. The driver tells of whatever is there instead; but what is moved away and
 * back before it looks is nothing new to it, and nobody would ever hear of that file.
 */
const LONGEST_FOR_CHANGED = 60_000

/** Reads what a driver told of without saying what is in it, and tries again where that cannot be read. */
export class ContentReads {
  readonly #engine: Engine
  readonly #reader: ChangeReader
  readonly #locks: FileLocks
  readonly #hooks: ContentReadHooks
  readonly #unread: UnreadChanges
  /** Moves of which the old place could not be looked at yet, by the file id of the new one. */
  readonly #moves = new Map<string, CheckedChange>()

  constructor(engine: Engine, reader: ChangeReader, locks: FileLocks, hooks: ContentReadHooks) {
    this.#engine = engine
    this.#reader = reader
    this.#locks = locks
    this.#hooks = hooks
    this.#unread = new UnreadChanges(engine.clock)
  }

  /** What can be written now: the change with its hash, or what is certain of it without. The files are locked. */
  read(checked: CheckedChange): Promise<CheckedChange | undefined> {
    return this.#read(checked, undefined)
  }

  /** There is newer news of a file. */
  forget(fid: string): void {
    const move = this.#moves.get(fid)?.change
    this.#drop(fid)
    // The old place is still to be looked at: the driver takes it for told.
    if (move?.type === 'moved')
      this.#readLater({ ...checkedChange({ type: 'deleted', ...move.from }), isDoubted: true }, undefined)
  }

  /** Has all that could not be read so far read now. What fails again is read later, and keeps nobody waiting. */
  retryAll(): void {
    this.#unread.retryAll()
  }

  async #read(told: CheckedChange, pause: number | undefined): Promise<CheckedChange | undefined> {
    const looked = told.isFromDoubted === true ? await this.#reader.lookAtOldPlace(told) : undefined
    if (looked?.type === 'failed') {
      this.#couldNotRead(told, looked.error, pause)
      return undefined
    }
    if (this.#moves.get(told.fid)?.change === told.change) this.#moves.delete(told.fid)
    const checked = looked?.checked ?? told
    const result = await this.#reader.read(checked)
    if (result.type === 'read') return result.checked
    const { change } = checked
    if (result.type === 'failed') this.#couldNotRead(checked, result.error, pause)
    if (change.type === 'deleted') return undefined
    if (result.type === 'changed' && (pause ?? 0) <= LONGEST_FOR_CHANGED) this.#readLater(checked, pause)
    // Whatever is at the new place, or becomes of it: at the old one there is nothing, and nobody will tell of that again.
    if (change.type === 'moved') return checkedChange({ type: 'deleted', ...change.from })
    const isFirst = pause === undefined && checked.isDoubted !== true
    return isFirst && result.type === 'changed' ? this.#replacedDirectory(checked) : undefined
  }

  /** That it is gone: where a file was seen there is none, whatever became of the file. No order has been at this place since, which might have made another one. */
  async #replacedDirectory({ change: { folder, path }, fid }: CheckedChange): Promise<CheckedChange | undefined> {
    const record = (await untilAnswered(this.#engine, () => readRecords(this.#engine, [fid]))).get(fid)
    const isKnown = record?.kind === 'directory' && record.token !== null
    return isKnown ? checkedChange({ type: 'deleted', folder, path }) : undefined
  }

  /** The driver has told of it and will not tell again, so reading is tried until it works or there is newer news. */
  #couldNotRead(checked: CheckedChange, { code, message }: OnituError, pause: number | undefined): void {
    const { folder, path } = checked.change
    if (!this.#engine.signal.aborted) this.#hooks.problem(folder, path, code, message)
    this.#readLater(checked, pause)
  }

  #readLater(checked: CheckedChange, pause: number | undefined): void {
    if (this.#engine.signal.aborted) return
    // A move of which the old place could not be looked at stays one.
    const { isLast: _, ...later } = checked.isFromDoubted === true ? checked : asUpdate(checked)
    if (later.isFromDoubted === true) this.#moves.set(later.fid, later)
    const retry = (isCurrent: () => boolean, next: number) => {
      if (!this.#engine.signal.aborted) this.#hooks.track(this.#retry(later, isCurrent, next))
    }
    this.#unread.add(later.fid, stateOf(later), retry, pause)
  }

  #drop(fid: string): void {
    this.#moves.delete(fid)
    this.#unread.forget(fid)
  }

  async #retry(checked: CheckedChange, isCurrent: () => boolean, pause: number): Promise<void> {
    try {
      await this.#locks.hold(fidsOf(checked), async () => {
        if (!isCurrent()) return
        const read = await this.#read(checked, pause)
        if (read !== undefined) await this.#hooks.write(read)
        // Unless it is to be read once more.
        if (!isCurrent()) return
        if (read !== undefined) this.#drop(checked.fid)
        else this.#unread.done(checked.fid, stateOf(checked))
      })
    } catch (error) {
      this.#engine.warn(`Could not report ${JSON.stringify(checked.change.path)}`, error)
      // Nobody else will tell of it: only a newer report takes its place.
      if (isCurrent() && isOnituError(error) && error.retryable) this.#couldNotRead(checked, error, pause)
    }
  }
}

/** What was told of a file, of which more than one state may wait to be looked for: a late answer of the driver is not the last news. */
function stateOf({ change }: CheckedChange): string {
  return change.type === 'deleted' ? '' : change.token
}
