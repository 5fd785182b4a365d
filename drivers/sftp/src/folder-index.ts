import { reconcileKnown, UNSURE } from '@onitu/plug/kit'
import { join, split } from './paths.ts'
import type { Token } from './token.ts'

export interface IndexEntry {
  readonly path: string
  readonly token: Token
}

const none: ReadonlyMap<string, Token> = new Map()

/** What the Plug has been told of a folder, by directory, so that a listing is compared directory by directory. */
export class FolderIndex {
  readonly #directories = new Map<string, Map<string, Token>>()
  /** Paths that this driver has written, and when: what a listing that began earlier says of them is out of date. */
  readonly #written = new Map<string, number>()
  #clock = 0
  #hasLearned = false

  /** Later than everything written so far. */
  now(): number {
    return ++this.#clock
  }

  get(path: string): Token | undefined {
    const { directory, name } = split(path)
    return this.#directories.get(directory)?.get(name)
  }

  set(path: string, token: Token): void {
    const { directory, name } = split(path)
    const names = this.#directories.get(directory)
    if (names === undefined) this.#directories.set(directory, new Map([[name, token]]))
    else names.set(name, token)
    // A file may be known before the directory that it is in; a listing has to miss that directory all the same when it goes.
    if (directory !== '' && this.get(directory) === undefined) this.set(directory, UNSURE)
  }

  delete(path: string): void {
    const { directory, name } = split(path)
    const names = this.#directories.get(directory)
    names?.delete(name)
    if (names?.size === 0) this.#directories.delete(directory)
  }

  children(directory: string): ReadonlyMap<string, Token> {
    return this.#directories.get(directory) ?? none
  }

  /** All that is known below a directory, what is deeper first. */
  below(directory: string): IndexEntry[] {
    return [...this.children(directory)].flatMap(([name, token]) => {
      const path = join(directory, name)
      const deeper = this.#directories.has(path) ? this.below(path) : []
      return [...deeper, { path, token }]
    })
  }

  /** This driver is changing a path, or has just done so; `token` undefined: deleted. */
  wrote(path: string, token: Token | undefined): void {
    if (token === undefined) this.delete(path)
    else this.set(path, token)
    this.#written.set(path, this.now())
  }

  /** While a change is under way its outcome is not known. Counts as written until it is told again. */
  writing(path: string): void {
    this.#written.set(path, Number.POSITIVE_INFINITY)
  }

  /** The change has failed: what there is now is found by the next listing. */
  gaveUp(path: string): void {
    this.#written.set(path, this.now())
  }

  wasWrittenSince(path: string, time: number): boolean {
    return (this.#written.get(path) ?? 0) > time
  }

  /** After a listing: what was written before it began is of no interest any more. */
  forgetWritten(before: number): void {
    for (const [path, at] of this.#written) if (at <= before) this.#written.delete(path)
  }

  /** What the Plug knows (token by path), asked for anew. */
  learn(listed: ReadonlyMap<string, Token>): void {
    const remembered = new Map(this.below('').map(({ path, token }) => [path, token]))
    const known = this.#hasLearned ? reconcileKnown(remembered, listed) : listed
    this.#directories.clear()
    for (const [path, token] of known) this.set(path, token)
    this.#hasLearned = true
  }
}
