import type { ListedPage, PageStart, S3Object } from './client/bucket.ts'
import { S3StatusError } from './client/s3-error.ts'

export interface ObjectPage {
  readonly objects: readonly S3Object[]
  readonly isLast: boolean
}

export type AskPage = (start: PageStart) => Promise<ListedPage>

/** Objects of a part: fewer than a page holds, so that a part in which some were added since is still one page. */
const PART = 950
/** Parts that are asked for at once. */
const AHEAD = 4

/**
 * Lists what is below one prefix again and again. Each page says where the next one begins, so the first listing goes page by page. Later ones know keys that lie about a
 * page apart and ask after several of them at once: the pages of a large folder do not wait for each other, and what was added at its end is seen as soon as the rest.
 * What has changed meanwhile changes how many pages a part has, and never what is in it.
 */
export class ObjectListing {
  readonly #ask: AskPage
  readonly #size: number
  #boundaries: readonly string[] = []
  /** Keys come in the order of their bytes, and the service knows where it is asked to begin. */
  #isDivisible = true

  constructor(ask: AskPage, size = PART) {
    this.#ask = ask
    this.#size = size
  }

  /** Asks for the first pages at once, and for others as they are taken. An object may be listed twice. */
  pages(): AsyncGenerator<ObjectPage> {
    const parts = divide(this.#ask, this.#boundaries)
    for (const part of parts.slice(0, AHEAD)) part.begin()
    return this.#walk(parts)
  }

  async *#walk(parts: readonly Part[]): AsyncGenerator<ObjectPage> {
    const divider = new Divider(this.#size)
    try {
      for await (const page of inTurn(parts)) {
        divider.add(page.objects)
        yield page
      }
      if (this.#isDivisible) this.#boundaries = divider.boundaries
    } catch (error) {
      if (parts.length === 1 || !isNoOrder(error)) throw error
      yield* inTurn(divide(this.#ask, []))
      // Only now: it may have been refused for another reason.
      this.#isDivisible = false
      this.#boundaries = []
    }
  }
}

function divide(ask: AskPage, boundaries: readonly string[]): Part[] {
  return [undefined, ...boundaries].map((after, at) => new Part(ask, after, boundaries[at]))
}

async function* inTurn(parts: readonly Part[]): AsyncGenerator<ObjectPage> {
  try {
    for (const [at, part] of parts.entries()) {
      parts[at + AHEAD - 1]?.begin()
      const isLastPart = at === parts.length - 1
      for await (const { objects, isLast } of part.pages()) yield { objects, isLast: isLast && isLastPart }
    }
  } finally {
    await Promise.all(parts.map((part) => part.over()))
  }
}

/** The service lists otherwise than a part can be told by. */
class NoOrder extends Error {}

/** Also where it refuses to begin after a key. */
function isNoOrder(error: unknown): boolean {
  return error instanceof NoOrder || (error instanceof S3StatusError && (error.status === 400 || error.status === 501))
}

/** The objects after one key up to another one, which belongs to it. */
class Part {
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

/** Finds keys between which there are about so many objects. None where keys do not come in their order. */
class Divider {
  readonly #size: number
  readonly #boundaries: string[] = []
  #count = 0
  #greatest = ''
  #isInOrder = true

  constructor(size: number) {
    this.#size = size
  }

  get boundaries(): readonly string[] {
    return this.#isInOrder ? this.#boundaries : []
  }

  add(objects: readonly S3Object[]): void {
    for (const { key } of objects) {
      if (key <= (this.#boundaries.at(-1) ?? '')) this.#isInOrder = false
      if (key > this.#greatest) this.#greatest = key
      this.#count++
      if (this.#count < this.#size || !isPlain(key)) continue
      if (key !== this.#greatest) this.#isInOrder = false
      this.#boundaries.push(key)
      this.#count = 0
    }
  }
}

/** Beside such a key all others are on the same side in the order of bytes as in that of strings here, which differ beyond U+FFFF. */
function isPlain(key: string): boolean {
  return /^[\x20-\x7e]*$/.test(key)
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
