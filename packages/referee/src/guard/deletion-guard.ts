import type { Database } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import type { Holding } from '../decide/draft.ts'
import { modeOf, type Policy } from '../decide/policy.ts'
import type { Committed } from '../decide-many.ts'
import type { DeletionLimit } from '../options/folder-options.ts'
import type { OutboxPage } from '../read-outbox.ts'
import { isHarmless } from './deletion-limit.ts'
import { judgeLoss, type Verdict } from './judge-loss.ts'
import { beginSurvey, countLiveFiles, hasMoreFiles, readOn, type Survey } from './survey.ts'

/** What is to be done with a page of an outbox. */
export type Assessment =
  | { readonly do: 'decide' }
  /** It is looked at again after so many ms. */
  | { readonly do: 'wait'; readonly delay: number }

/** Deletions within so many ms of each other are one go. */
const GO = 60_000
const LOOK_AGAIN = 50

interface Go {
  /** Files that the folder lost, minus those that came. */
  readonly lost: number
  readonly last: number
}

/**
 * Keeps deletions of many files at once from being carried out before somebody approves them. Which folders hold deletions
 * is what the database says; what was lost in the last minute is forgotten when the Referee ends, and begins anew.
 */
export class DeletionGuard {
  readonly #db: Database
  readonly #policy: Policy
  readonly #holding = new Map<string, Set<string>>()
  readonly #surveys = new Map<string, Survey>()
  /** By service: up to this key the outbox was judged. */
  readonly #judged = new Map<string, string>()
  /** Services of which deletions were judged that are not decided yet: what is held of them may not be written down. */
  readonly #undecided = new Set<string>()
  /** By service and folder. */
  readonly #goes = new Map<string, Go>()

  constructor(db: Database, policy: Policy) {
    this.#db = db
    this.#policy = policy
  }

  /** Folders with held deletions, to which all that follow belong. */
  get holding(): Holding {
    return this.#holding
  }

  /** Reads which folders hold deletions. To be awaited before anything is decided. */
  async prepare(): Promise<void> {
    for (const [service, folders] of this.#policy.services) await this.#readHolding(service, folders.keys())
  }

  /** `now`: ms since 1970. */
  async assess(service: string, page: OutboxPage, now: number): Promise<Assessment> {
    const lastKey = page.keys.at(-1) ?? ''
    const isJudged = lastKey <= (this.#judged.get(service) ?? '')
    const mustWait = !isJudged && this.#isSuspicious(service, page) && !(await this.#judge(service, now))
    if (mustWait) return { do: 'wait', delay: LOOK_AGAIN }
    return { do: 'decide' }
  }

  /** To be called with what became of a page. */
  async decided(service: string, page: OutboxPage, { balance, held }: Committed, now: number): Promise<void> {
    for (const [folder, difference] of balance) {
      const { lost, last } = this.#goOf(service, folder, now)
      if (lost === 0 && difference > 0) continue
      const go = { lost: Math.max(0, lost - difference), last: difference < 0 ? now : last }
      this.#goes.set(keyOf(service, folder), go)
    }
    // Until all that was judged is decided, what is to be held may be still to come.
    const lastKey = page.keys.at(-1) ?? ''
    if (lastKey >= (this.#judged.get(service) ?? '')) {
      this.#undecided.delete(service)
      await this.#readHolding(service, this.#holding.get(service) ?? [])
    }
    await this.#readReleased(service, held)
  }

  /** To be called after something was done with held deletions. */
  async refresh(): Promise<void> {
    for (const [service, folders] of this.#holding)
      if (!this.#undecided.has(service)) await this.#readHolding(service, folders)
  }

  #isSuspicious(service: string, { observations }: OutboxPage): boolean {
    return observations.some(
      ({ type, kind, folder }) => type === 'deleted' && kind === 'file' && this.#limitOf(service, folder) !== undefined,
    )
  }

  /** Judges all that is in the outbox. False while more may come. */
  async #judge(service: string, now: number): Promise<boolean> {
    this.#undecided.add(service)
    const survey = await readOn(this.#db, service, this.#surveyOf(service, now), now)
    this.#surveys.set(service, survey)
    let isClear = true
    for (const [folder, fids] of survey.loss) {
      const verdict = await this.#judgeFolder(service, folder, fids.size, survey, now)
      if (verdict === 'hold') this.#hold(service, folder)
      if (verdict === 'wait') isClear = false
    }
    if (!isClear) return false
    this.#surveys.delete(service)
    this.#judged.set(service, survey.readTo)
    return true
  }

  async #judgeFolder(service: string, folder: string, pending: number, survey: Survey, now: number): Promise<Verdict> {
    const limit = this.#limitOf(service, folder)
    if (limit === undefined) return 'decide'
    const loss = { lost: this.#goOf(service, folder, now).lost, pending }
    // Nothing waits in a folder of which everything may go.
    if (pending === 0 || !(await hasMoreFiles(this.#db, folder, limit.files - loss.lost))) return 'decide'
    const live = isHarmless(limit, loss) ? 0 : await this.#countLive(survey, folder)
    return judgeLoss(limit, loss, live, { waited: now - survey.began, quiet: now - survey.grew })
  }

  async #countLive({ live }: Survey, folder: string): Promise<number> {
    const known = live.get(folder)
    if (known !== undefined) return known
    const counted = await countLiveFiles(this.#db, folder)
    live.set(folder, counted)
    return counted
  }

  /** The clock may have been set back: then the waiting begins anew. */
  #surveyOf(service: string, now: number): Survey {
    const survey = this.#surveys.get(service)
    return survey === undefined || survey.grew > now ? beginSurvey(now) : survey
  }

  #goOf(service: string, folder: string, now: number): Go {
    const go = this.#goes.get(keyOf(service, folder))
    return go === undefined || Math.abs(now - go.last) > GO ? { lost: 0, last: now } : go
  }

  /** Undefined: no deletion has to wait, or all are held already. */
  #limitOf(service: string, folder: string): DeletionLimit | undefined {
    if (modeOf(this.#policy, service, folder) === 'w' || this.#holding.get(service)?.has(folder)) return undefined
    return this.#policy.folders.get(folder)?.deletionLimit
  }

  #hold(service: string, folder: string): void {
    const folders = this.#holding.get(service) ?? new Set()
    this.#holding.set(service, folders.add(folder))
  }

  /** What others did may have been the end of what is held of a service. */
  async #readReleased(by: string, held: Committed['held']): Promise<void> {
    const released = [...held].flatMap(([key, deletion]) => (deletion === null ? [key] : []))
    for (const [service, folders] of this.#holding) {
      if (service === by || this.#undecided.has(service)) continue
      const isConcerned = (folder: string) =>
        released.some((key) => key.startsWith(keys.heldFolderPrefix(service, folder)))
      await this.#readHolding(service, [...folders].filter(isConcerned))
    }
  }

  /** Where nothing is held any more, the next deletions are a go of their own. */
  async #readHolding(service: string, folders: Iterable<string>): Promise<void> {
    for (const folder of [...folders]) {
      const found = await this.#db.keys({ prefix: keys.heldFolderPrefix(service, folder), limit: 1 }).all()
      if (found.length > 0) this.#hold(service, folder)
      else if (this.#holding.get(service)?.delete(folder)) this.#goes.delete(keyOf(service, folder))
    }
  }
}

function keyOf(service: string, folder: string): string {
  return `${service}:${folder}`
}
