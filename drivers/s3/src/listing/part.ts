import type { ListedPage, PageStart, S3Object } from '../client/bucket.ts'

export interface ObjectPage {
  readonly objects: readonly S3Object[]
  readonly isLast: boolean
}

export type AskPage = (start: PageStart) => Promise<ListedPage>

/** The service lists otherwise than a part can be told by. */
export class NoOrder extends Error {}

/** The objects after one key up to another one, which belongs to it. */
export class Part {
  readonly #ask: AskPage
  readonly #after: string | undefined
  readonly #until: string | undefined
  /** As an outcome: it may fail before anybody takes it, or when the listing was left. */
  #first: Promise<Outcome> | undefined

  constructor(ask: AskPage, after: string | undefined, until: string | undefined) {
    this.#ask = ask
    this.#after = after
    this.#until = until
  }

  begin(): Promise<Outcome> {
    this.#first ??= outcomeOf(this.#ask(this.#after === undefined ? {} : { after: this.#after }))
    return this.#first
  }

  /** Nothing of it is on its way. */
  async over(): Promise<void> {
    await this.#first
  }

  async *pages(): AsyncGenerator<ObjectPage> {
    let coming: Promise<Outcome> | undefined = this.begin()
    try {
      while (coming !== undefined) {
        const page: ListedPage = settledValue(await coming)
        // The next one is on its way while this one is looked at, unless that has to tell first whether it is needed.
        coming = this.#until === undefined ? this.#goOn(page) : undefined
        const all = page.objects()
        const objects = this.#within(all)
        if (this.#until !== undefined && objects.length === all.length && objects.at(-1)?.key !== this.#until)
          coming = this.#goOn(page)
        yield { objects, isLast: coming === undefined }
      }
    } finally {
      await coming
    }
  }

  #goOn({ next }: ListedPage): Promise<Outcome> | undefined {
    return next === undefined ? undefined : outcomeOf(this.#ask({ token: next }))
  }

  /** @throws NoOrder */
  #within(objects: readonly S3Object[]): readonly S3Object[] {
    const [after, until] = [this.#after, this.#until]
    if (after !== undefined && objects.some(({ key }) => key <= after)) throw new NoOrder()
    if (until === undefined) return objects
    const end = objects.findIndex(({ key }) => key > until)
    if (end === -1) return objects
    if (objects.slice(end).some(({ key }) => key <= until)) throw new NoOrder()
    return objects.slice(0, end)
  }
}

type Outcome = PromiseSettledResult<ListedPage>

async function outcomeOf(asked: Promise<ListedPage>): Promise<Outcome> {
  const [outcome] = await Promise.allSettled([asked])
  return outcome
}

function settledValue<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}
