import { isIPv6 } from 'node:net'
import { ruleProblems } from '@onitu/referee'
import { checkPort, majordomoDefaults } from '../setup/check-majordomo.ts'
import { addProblems, checkServiceFolder, type WrittenFolder, type WrittenService } from '../setup/check-shape.ts'
import { Checker, describeValue, type Written } from '../setup/checker.ts'
import type { Problem, SetupPath } from '../setup/problem.ts'

export interface WrittenServer {
  /** tcp addresses. */
  readonly requests: string
  readonly handlers: string
  /** A public key, or a file with one. */
  readonly key: string | undefined
}

/** The parts of a client's setup that could be made out; only to be used when there are no problems. */
export interface WrittenClient extends WrittenService {
  readonly server: WrittenServer
  /** File with the secret key. */
  readonly key: string | undefined
  readonly rules: readonly unknown[] | undefined
}

const KEYS = ['server', 'key', 'driver', 'options', 'folders', 'rules']
const SERVER_KEYS = ['address', 'requests', 'handlers', 'key']

/** Everything about a client's setup that can be checked without its driver and without the file system. */
export function checkClientShape(value: unknown): {
  readonly written: WrittenClient
  readonly problems: readonly Problem[]
} {
  const checker = new Checker()
  const client = checker.map(value, [], 'a map with server, key, driver and folders')
  checker.keys(client, [], KEYS, 'key')
  const written = {
    server: checkServer(checker, client.server),
    key: checker.text(
      client.key,
      ['key'],
      'the file with the secret key of this client (`onitu keys generate` makes one)',
    ),
    driver: checker.text(client.driver, ['driver'], 'the name of a driver'),
    options: checker.map(client.options, ['options'], 'a map of options'),
    folders: checkFolders(checker, client.folders),
    rules: checkRules(checker, client.rules),
  }
  return { written, problems: checker.problems }
}

function checkServer(checker: Checker, value: unknown): WrittenServer {
  const path = ['server']
  const server = checker.map(value, path, 'a map with address and key')
  checker.keys(server, path, SERVER_KEYS, 'option')
  const host = checkHost(checker, server, [...path, 'address'])
  const port = (name: 'requests' | 'handlers') =>
    checkPort(checker, server[name], [...path, name]) ?? majordomoDefaults[name]
  return {
    requests: `tcp://${host}:${port('requests')}`,
    handlers: `tcp://${host}:${port('handlers')}`,
    key: checker.text(
      server.key,
      [...path, 'key'],
      "the hub's public key, or a file with it (`onitu keys show` prints it there)",
    ),
  }
}

function checkHost(checker: Checker, { address }: Written, path: SetupPath): string {
  const host = checker.text(address, path, 'the name or the IP address of the hub')
  if (host === undefined) return ''
  if (isIPv6(host)) return `[${host}]`
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(host)) {
    checker.problem(path, `expected a name or an IP address without port, got ${describeValue(host)}`)
  }
  return host
}

function checkFolders(checker: Checker, value: unknown): Map<string, WrittenFolder> {
  const folders = new Map<string, WrittenFolder>()
  const entries = Object.entries(checker.map(value, ['folders'], 'a map from folders to paths'))
  if (entries.length === 0) checker.problem(['folders'], 'expected at least one folder, got none')
  for (const [name, written] of entries) {
    const at = ['folders', name]
    checker.name(name, at, 'folder', 'key')
    const folder = checkServiceFolder(checker, written, at)
    if (folder !== undefined) folders.set(name, folder)
  }
  return folders
}

/** Which service they may name, only the hub knows: it is in the key. */
function checkRules(checker: Checker, value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) {
    checker.problem(['rules'], `expected a list of rules, got ${describeValue(value)}`)
    return undefined
  }
  addProblems(checker, ruleProblems(value), ['rules'])
  return value
}
