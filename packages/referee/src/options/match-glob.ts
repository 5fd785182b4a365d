import picomatch from 'picomatch'

/** A compiled list of shell patterns. */
export type Matcher = (text: string) => boolean

// As fnmatch: `*` crosses `/` and matches names that begin with a dot, case matters, `!` and `(…)` are plain characters.
const OPTIONS = { bash: true, dot: true, nonegate: true, noextglob: true } as const

/** Shell patterns matched against a whole text; true when any of them matches. */
export function matchGlob(patterns: readonly string[]): Matcher {
  return picomatch([...patterns], OPTIONS)
}

/** The same for paths in a folder, which have no leading `/`: one in the pattern is taken as "from the root of the folder". */
export function matchPath(patterns: readonly string[]): Matcher {
  return matchGlob(patterns.map((pattern) => (pattern.startsWith('/') ? pattern.slice(1) : pattern)))
}

export function hasGlobCharacters(pattern: string): boolean {
  return /[*?[\]{}]/.test(pattern)
}
