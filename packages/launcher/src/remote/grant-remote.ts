import type { RemoteRecord } from '@onitu/majordomo'
import { type AuthorizedKey, findGoodKey, type KeyMode } from '@onitu/majordomo/keys'
import { ruleProblems, serviceFolderOptionsProblems } from '@onitu/referee'
import { RESERVED_NAMES } from '../setup/check-shape.ts'
import { hint } from '../setup/checker.ts'
import { describePath } from '../setup/problem.ts'
import type { Setup, SetupFolder, SetupService } from '../setup/setup.ts'
import { patternProblem } from './pattern-problem.ts'

/** What comes of a service that a client states: it as a service of the setup, or everything that is against it. */
export interface Granted {
  /** Undefined when there are problems. */
  readonly service: SetupService | undefined
  readonly problems: readonly string[]
}

const MAX_PATTERNS = 100
type ClientFolder = RemoteRecord['setup']['folders'][string]

/**
 * Whether a client may be what it states, by its key and by the setup of the hub. It is refused as a whole rather than cut
 * down: who thinks to be in sync and is not is worse off than who is told. What is granted is about that service alone: its
 * folders, options and rules say what it gives and gets, and nothing in them names another one. Pure.
 */
export function grantRemote(
  name: string,
  { publicKey, setup: stated }: RemoteRecord,
  keys: readonly AuthorizedKey[],
  setup: Setup,
  driverUrl: string,
): Granted {
  const key = findGoodKey(keys, publicKey)
  if (key === undefined) return { service: undefined, problems: ['its key is not authorised, or was revoked'] }
  const folders = Object.entries(stated.folders).map(([folder, written]) =>
    grantFolder(name, folder, written, key, setup),
  )
  const problems = [
    ...nameProblems(name, key, setup),
    ...(folders.length === 0 ? ['it has no folders'] : []),
    ...folders.flatMap((folder) => folder.problems),
    ...rulesProblems(name, stated.rules),
  ]
  if (problems.length > 0) return { service: undefined, problems }
  return {
    service: {
      name,
      driver: { name: 'remote', url: driverUrl },
      options: { velocity: stated.driver.velocity },
      folders: new Map(folders.map(({ entry }) => entry)),
      ...(stated.rules === undefined ? {} : { rules: stated.rules }),
    },
    problems: [],
  }
}

function nameProblems(name: string, key: AuthorizedKey, setup: Setup): string[] {
  if (name !== key.service) return [`the key is for the service ${JSON.stringify(key.service)} only`]
  if (RESERVED_NAMES.includes(name)) return ['a part of Onitu has that name']
  if (setup.services.has(name))
    return ['the setup of the hub has a service of that name; authorise the key for another one']
  return []
}

function grantFolder(
  service: string,
  folder: string,
  { path, options }: ClientFolder,
  key: AuthorizedKey,
  setup: Setup,
) {
  const at = `folder ${JSON.stringify(folder)}`
  const mode = narrowMode(options.mode, key.mode)
  const problems = [
    ...(setup.folders.has(folder)
      ? []
      : [`${at}: the hub has no such folder${hint(folder, allowedFolders(key, setup))}`]),
    ...(key.folders === 'all' || key.folders.includes(folder) ? [] : [`${at}: the key does not allow it`]),
    ...(mode === undefined ? [`${at}: the key allows the mode ${key.mode} only`] : []),
    ...serviceFolderOptionsProblems(options).map(
      (problem) => `${at}: ${describePath(problem.path)}: ${problem.message}`,
    ),
    ...[options.mimetypes, options.blacklist, options.whitelist].flatMap((patterns) =>
      patternsProblems(patterns).map((problem) => `${at}: ${problem}`),
    ),
  ]
  // Not absolute: the path of another machine must never be taken for one of this.
  const granted: SetupFolder = { path: `${service}:${path}`, options: { ...options, mode: mode ?? key.mode } }
  return { problems, entry: [folder, granted] as const }
}

function allowedFolders({ folders }: AuthorizedKey, setup: Setup): ReadonlySet<string> {
  return new Set([...setup.folders.keys()].filter((folder) => folders === 'all' || folders.includes(folder)))
}

/** Undefined when more is wanted than is allowed, or something else altogether. */
function narrowMode(wanted: unknown, allowed: KeyMode): KeyMode | undefined {
  if (wanted === undefined || wanted === allowed) return allowed
  return allowed === 'rw' && (wanted === 'r' || wanted === 'w') ? wanted : undefined
}

function rulesProblems(service: string, rules: readonly unknown[] | undefined): string[] {
  if (rules === undefined) return []
  const problems = ruleProblems(rules)
  if (problems.length > 0) return problems.map(({ path, message }) => `${describePath(['rules', ...path])}: ${message}`)
  return rules.flatMap((rule, index) => {
    const { match, sync = [], ban = [] } = rule as WrittenRule
    const others = [...sync, ...ban].filter((name) => name !== service)
    const patterns = [...(match?.path === undefined ? [] : [match.path]), ...[match?.mime ?? []].flat()]
    return [
      ...others.map(
        (other) => `rules[${index}]: the rules of a client are about itself, not about ${JSON.stringify(other)}`,
      ),
      ...patternsProblems(patterns).map((problem) => `rules[${index}]: ${problem}`),
    ]
  })
}

/** As `ruleProblems` has found it to be. */
interface WrittenRule {
  readonly match?: { readonly path?: string; readonly mime?: string | readonly string[] }
  readonly sync?: readonly string[]
  readonly ban?: readonly string[]
}

function patternsProblems(patterns: unknown): string[] {
  if (!Array.isArray(patterns)) return []
  if (patterns.length > MAX_PATTERNS) return [`more than ${MAX_PATTERNS} patterns`]
  return patterns.flatMap((pattern) => {
    const problem = typeof pattern === 'string' ? patternProblem(pattern) : undefined
    return problem === undefined ? [] : [`the pattern ${JSON.stringify(pattern)} ${problem}`]
  })
}
