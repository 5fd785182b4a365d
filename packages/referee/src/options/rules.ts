import { type Head, parseSize } from '@onitu/protocol'
import * as v from 'valibot'
import { type Problem, parseFolderOptions, problems } from './folder-options.ts'
import { hasGlobCharacters, matchGlob } from './match-glob.ts'

const names = v.array(v.string())
const size = v.custom<string | number>(
  (value) => parseSize(value) !== undefined,
  'Expected a size in bytes, such as 1024 or 2G',
)

/** How a rule is written in the setup. All given parts of `match` must hold. */
const ruleSchema = v.strictObject({
  match: v.optional(
    v.strictObject({
      path: v.optional(v.string()),
      mime: v.optional(v.union([v.string(), names])),
      size: v.optional(v.strictObject({ min: v.optional(size), max: v.optional(size) })),
    }),
  ),
  sync: v.optional(names),
  ban: v.optional(names),
})

export interface Rule {
  readonly matches: (file: Pick<Head, 'path' | 'kind' | 'size' | 'mimetype'>) => boolean
  readonly sync: readonly string[]
  readonly ban: readonly string[]
}

/** Everything wrong with written rules, but for the names of services, which the setup knows. */
export function ruleProblems(value: unknown): Problem[] {
  return problems(v.array(ruleSchema), value ?? [])
}

/** Undefined (no `rules` in the setup) means that a folder goes to every service that maps it. */
export function parseRules(value: unknown): readonly Rule[] | undefined {
  if (value === undefined || value === null) return undefined
  return v.parse(v.array(ruleSchema), value).map(parseRule)
}

function parseRule(written: v.InferOutput<typeof ruleSchema>): Rule {
  const { path, mime, size: file_size } = written.match ?? {}
  const matchesPath = path === undefined ? () => true : pathMatcher(path)
  const types = typeof mime === 'string' ? [mime] : mime
  const matchesType = types === undefined ? undefined : matchGlob(types)
  const { minSize = 0, maxSize = Number.POSITIVE_INFINITY } = parseFolderOptions({ file_size: file_size ?? {} })
  return {
    sync: written.sync ?? [],
    ban: written.ban ?? [],
    matches: (file) => {
      if (!matchesPath(`/${file.path}`)) return false
      // A directory has no type or size of its own: only rules that look at the path alone are about it.
      if (file.kind === 'directory') return matchesType === undefined && file_size === undefined
      return (matchesType?.(file.mimetype) ?? true) && file.size >= minSize && file.size <= maxSize
    },
  }
}

/** A prefix of `/PATH`, or a glob on the whole of it when it has glob characters. */
function pathMatcher(written: string): (path: string) => boolean {
  const pattern = written.startsWith('/') ? written : `/${written}`
  if (hasGlobCharacters(pattern)) return matchGlob([pattern])
  return (path) => path.startsWith(pattern)
}

/** The services that rules name for a file: those of all rules it matches, minus the banned. */
export function servicesByRules(rules: readonly Rule[], file: Parameters<Rule['matches']>[0]): Set<string> {
  const matching = rules.filter((rule) => rule.matches(file))
  const services = new Set(matching.flatMap((rule) => rule.sync))
  for (const rule of matching) for (const service of rule.ban) services.delete(service)
  return services
}

/**
 * Whether rules of one service alone let a file in: no matching one bans the service, and, where any of them says what it
 * wants (`sync`), a matching one does. What they say of other services means nothing.
 */
export function letsIn(rules: readonly Rule[], service: string, file: Parameters<Rule['matches']>[0]): boolean {
  const wishes = rules.filter(({ sync }) => sync.includes(service))
  const bans = rules.filter(({ ban }) => ban.includes(service))
  if (bans.some((rule) => rule.matches(file))) return false
  return wishes.length === 0 || wishes.some((rule) => rule.matches(file))
}
