import { folderOptionsProblems, ruleProblems, serviceFolderOptionsProblems } from '@onitu/referee'
import { checkMajordomo, type MajordomoSetup } from './check-majordomo.ts'
import { Checker, hint, type Written } from './checker.ts'
import type { Problem, SetupPath } from './problem.ts'

export interface WrittenFolder {
  readonly path: string
  readonly options: Written
}

export interface WrittenService {
  readonly driver: string | undefined
  readonly options: Written
  readonly folders: ReadonlyMap<string, WrittenFolder>
}

/** The parts of a written setup that could be made out; only to be used when there are no problems. */
export interface WrittenSetup {
  readonly name: string
  readonly folders: ReadonlyMap<string, Written>
  readonly services: ReadonlyMap<string, WrittenService>
  readonly rules: readonly unknown[] | undefined
  readonly majordomo: MajordomoSetup | undefined
}

const SETUP_KEYS = ['name', 'folders', 'services', 'rules', 'majordomo']
/** Processes go by these names in logs and status, beside those of services; `onitu resolve --keep both` names no service. */
export const RESERVED_NAMES = ['launcher', 'escalator', 'referee', 'majordomo', 'both']
const SERVICE_KEYS = ['driver', 'options', 'folders']
const FILTER_KEYS = ['mimetypes', 'file_size', 'blacklist', 'whitelist', 'history']
const FOLDER_KEYS = [...FILTER_KEYS, 'conflict', 'hold_deletions']
const SERVICE_FOLDER_KEYS = ['path', 'mode', ...FILTER_KEYS]

/** Everything about a setup that can be checked without its drivers and without the file system. */
export function checkShape(value: unknown): { readonly written: WrittenSetup; readonly problems: readonly Problem[] } {
  const checker = new Checker()
  const setup = checker.map(value, [], 'a map with name, folders and services')
  checker.keys(setup, [], SETUP_KEYS, 'key')
  const name = checker.text(setup.name, ['name'], 'the name of the session')
  if (name !== undefined) checker.name(name, ['name'], 'session', 'value')
  const folders = checkFolders(checker, setup.folders)
  const majordomo = checkMajordomo(checker, setup)
  const services = checkServices(checker, setup.services, new Set(folders.keys()), majordomo)
  const named = new Set([...services.keys(), ...(majordomo?.services ?? [])])
  checkConflictServices(checker, folders, named)
  const rules = checkRules(checker, setup.rules, named)
  return { written: { name: name ?? '', folders, services, rules, majordomo }, problems: checker.problems }
}

function checkFolders(checker: Checker, value: unknown): Map<string, Written> {
  const folders = new Map<string, Written>()
  for (const [name, written] of Object.entries(checker.map(value, ['folders'], 'a map of folders'))) {
    const path = ['folders', name]
    checker.name(name, path, 'folder', 'key')
    const options = checker.map(written, path, 'a map of options')
    checkKnown(checker, options, path, FOLDER_KEYS, folderOptionsProblems)
    folders.set(name, options)
  }
  return folders
}

function checkServices(
  checker: Checker,
  value: unknown,
  folders: ReadonlySet<string>,
  majordomo: MajordomoSetup | undefined,
): Map<string, WrittenService> {
  const services = new Map<string, WrittenService>()
  const written = checker.map(value, ['services'], 'a map of services')
  const isEmpty = Object.keys(written).length === 0 && (value === undefined || value === null || isMap(value))
  // A hub may have nothing but services on other machines.
  if (isEmpty && majordomo === undefined) checker.problem(['services'], 'expected at least one service, got none')
  for (const [name, service] of Object.entries(written)) {
    checker.name(name, ['services', name], 'service', 'key')
    if (RESERVED_NAMES.includes(name)) {
      checker.problem(
        ['services', name],
        `a service cannot be called ${JSON.stringify(name)}: Onitu uses that name itself`,
        'key',
      )
    }
    if (majordomo?.services.includes(name)) {
      checker.problem(['services', name], 'a service of this setup cannot be one of majordomo.services too', 'key')
    }
    services.set(name, checkService(checker, service, ['services', name], folders))
  }
  return services
}

function checkService(checker: Checker, value: unknown, path: SetupPath, folders: ReadonlySet<string>): WrittenService {
  const service = checker.map(value, path, 'a map with driver, options and folders')
  checker.keys(service, path, SERVICE_KEYS, 'key')
  return {
    driver: checker.text(service.driver, [...path, 'driver'], 'the name of a driver'),
    options: checker.map(service.options, [...path, 'options'], 'a map of options'),
    folders: checkServiceFolders(checker, service.folders, [...path, 'folders'], folders),
  }
}

function checkServiceFolders(checker: Checker, value: unknown, path: SetupPath, known: ReadonlySet<string>) {
  const folders = new Map<string, WrittenFolder>()
  for (const [name, written] of Object.entries(checker.map(value, path, 'a map from folders to paths'))) {
    const at = [...path, name]
    if (!known.has(name)) checker.problem(at, `unknown folder ${JSON.stringify(name)}${hint(name, known)}`, 'key')
    const folder = checkServiceFolder(checker, written, at)
    if (folder !== undefined) folders.set(name, folder)
  }
  return folders
}

export function checkServiceFolder(checker: Checker, value: unknown, at: SetupPath): WrittenFolder | undefined {
  if (!isMap(value)) {
    const path = checker.text(value, at, 'a path, or a map with a path and options')
    return path === undefined ? undefined : { path, options: {} }
  }
  const { path, ...options } = value as Written
  checkKnown(checker, options, at, SERVICE_FOLDER_KEYS, serviceFolderOptionsProblems)
  const text = checker.text(path, [...at, 'path'], 'a path')
  return text === undefined ? undefined : { path: text, options }
}

type FindProblems = (value: unknown) => readonly { readonly path: SetupPath; readonly message: string }[]

/** What the Referee says about a value, but for unknown keys of its top: those get a hint here. */
function checkKnown(
  checker: Checker,
  value: Written,
  at: SetupPath,
  keys: readonly string[],
  find: FindProblems,
): void {
  checker.keys(value, at, keys, 'option')
  const known = Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)))
  addProblems(checker, find(known), at)
}

/** Those of the Referee, in the words of a setup. */
export function addProblems(checker: Checker, problems: ReturnType<FindProblems>, at: SetupPath): void {
  for (const { path, message } of problems) {
    checker.problem(
      [...at, ...path],
      `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`,
      /^Unknown key/.test(message) ? 'key' : 'value',
    )
  }
}

/** The option `conflict` of a folder may be a list of services. */
function checkConflictServices(
  checker: Checker,
  folders: ReadonlyMap<string, Written>,
  services: ReadonlySet<string>,
): void {
  for (const [folder, { conflict }] of folders) {
    if (Array.isArray(conflict)) checkServiceNames(checker, conflict, ['folders', folder, 'conflict'], services)
  }
}

function checkRules(checker: Checker, value: unknown, services: ReadonlySet<string>): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) {
    checker.problem(['rules'], 'expected a list of rules')
    return undefined
  }
  addProblems(checker, ruleProblems(value), ['rules'])
  for (const [index, rule] of value.entries()) {
    if (!isMap(rule)) continue
    for (const key of ['sync', 'ban']) {
      const names = (rule as Written)[key]
      if (Array.isArray(names)) checkServiceNames(checker, names, ['rules', index, key], services)
    }
  }
  return value
}

function checkServiceNames(
  checker: Checker,
  names: readonly unknown[],
  path: SetupPath,
  services: ReadonlySet<string>,
): void {
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || services.has(name)) continue
    checker.problem([...path, index], `unknown service ${JSON.stringify(name)}${hint(name, services)}`)
  }
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
