import { S3StatusError } from '../client/s3-error.ts'
import { Divider } from './divider.ts'
import { type AskPage, NoOrder, type ObjectPage, Part } from './part.ts'

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

/** Also where it refuses to begin after a key. */
function isNoOrder(error: unknown): boolean {
  return error instanceof NoOrder || (error instanceof S3StatusError && (error.status === 400 || error.status === 501))
}
