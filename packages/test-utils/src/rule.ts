/** A rule as it is written in the setup. */
export interface WrittenRule {
  readonly match: { readonly path?: string; readonly mime?: readonly string[]; readonly size?: object }
  readonly sync?: readonly string[]
  readonly ban?: readonly string[]
}

/** `new Rule().matchPath('/Photos/').matchMime('image/*').sync('left')`. Each call gives a new rule. */
export class Rule {
  readonly #written: WrittenRule

  constructor(written: WrittenRule = { match: {} }) {
    this.#written = written
  }

  matchPath(path: string): Rule {
    return this.#with({ match: { ...this.#written.match, path } })
  }

  matchMime(...mime: readonly string[]): Rule {
    return this.#with({ match: { ...this.#written.match, mime } })
  }

  matchSize(size: { readonly min?: number | string; readonly max?: number | string }): Rule {
    return this.#with({ match: { ...this.#written.match, size } })
  }

  sync(...services: readonly string[]): Rule {
    return this.#with({ sync: services })
  }

  ban(...services: readonly string[]): Rule {
    return this.#with({ ban: services })
  }

  dump(): WrittenRule {
    return this.#written
  }

  #with(part: Partial<WrittenRule>): Rule {
    return new Rule({ ...this.#written, ...part })
  }
}
