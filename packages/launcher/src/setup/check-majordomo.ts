import { isIP } from 'node:net'
import { parseDuration, parseSize } from '@onitu/protocol'
import { type Checker, describeValue, type Written } from './checker.ts'
import type { SetupPath } from './problem.ts'

/** The section `majordomo:` of a setup: services on other machines are let in. */
export interface MajordomoSetup {
  /** An IP address of this machine; `*` for all. */
  readonly bind: string
  /** Ports. */
  readonly requests: number
  readonly handlers: number
  /** Services that rules may name although only clients set them up. */
  readonly services: readonly string[]
  /** ms between heartbeats. */
  readonly heartbeat: number
  readonly limits: MajordomoLimits
}

export interface MajordomoLimits {
  /** Connected at once. */
  readonly clients: number
  /** Bytes held in memory for one client. */
  readonly memory: number
}

const KEYS = ['bind', 'requests', 'handlers', 'services', 'heartbeat', 'limits']
const LIMITS = ['clients', 'memory']
const MIB = 1024 * 1024

/**
 * Every address is the default: a hub that listens to itself only would have no remote services, and whoever has no key
 * is refused before any message of his is read.
 */
export const majordomoDefaults: MajordomoSetup = {
  bind: '*',
  requests: 20_001,
  handlers: 20_003,
  services: [],
  heartbeat: 5_000,
  limits: { clients: 100, memory: 64 * MIB },
}

/** Undefined where the setup has no such section; `majordomo:` with nothing after it has the defaults. */
export function checkMajordomo(checker: Checker, setup: Written): MajordomoSetup | undefined {
  if (!Object.hasOwn(setup, 'majordomo')) return undefined
  const path = ['majordomo']
  const written = checker.map(setup.majordomo, path, 'a map of options')
  checker.keys(written, path, KEYS, 'option')
  const port = (name: 'requests' | 'handlers') =>
    checkPort(checker, written[name], [...path, name]) ?? majordomoDefaults[name]
  const requests = port('requests')
  const handlers = port('handlers')
  if (requests === handlers) {
    checker.problem([...path, 'handlers'], `expected another port than that of requests, got ${handlers} for both`)
  }
  return {
    bind: checkBind(checker, written.bind, [...path, 'bind']),
    requests,
    handlers,
    services: checkNames(checker, written.services, [...path, 'services']),
    heartbeat: checkHeartbeat(checker, written.heartbeat, [...path, 'heartbeat']),
    limits: checkLimits(checker, written.limits, [...path, 'limits']),
  }
}

/** Undefined where nothing is written. */
export function checkPort(checker: Checker, value: unknown, path: SetupPath): number | undefined {
  return checkInteger(checker, value, path, 'a port', [1, 65_535])
}

function checkBind(checker: Checker, value: unknown, path: SetupPath): string {
  if (value === undefined || value === null) return majordomoDefaults.bind
  if (typeof value === 'string' && (value === '*' || isIP(value) !== 0)) return value
  checker.problem(path, `expected an IP address of this machine, or "*" for all, got ${describeValue(value)}`)
  return majordomoDefaults.bind
}

function checkHeartbeat(checker: Checker, value: unknown, path: SetupPath): number {
  if (value === undefined || value === null) return majordomoDefaults.heartbeat
  const ms = parseDuration(value)
  if (ms !== undefined && ms >= 100 && ms <= 60_000) return ms
  checker.problem(path, `expected a time between 0.1s and 60s such as 5s, got ${describeValue(value)}`)
  return majordomoDefaults.heartbeat
}

function checkLimits(checker: Checker, value: unknown, path: SetupPath): MajordomoLimits {
  const { limits } = majordomoDefaults
  const written = checker.map(value, path, 'a map of limits')
  checker.keys(written, path, LIMITS, 'limit')
  const clients = checkInteger(checker, written.clients, [...path, 'clients'], 'a number of clients', [1, 10_000])
  return { clients: clients ?? limits.clients, memory: checkMemory(checker, written.memory, [...path, 'memory']) }
}

/** At least what a few chunks of a transfer take. */
function checkMemory(checker: Checker, value: unknown, path: SetupPath): number {
  if (value === undefined || value === null) return majordomoDefaults.limits.memory
  const bytes = parseSize(value)
  if (bytes !== undefined && bytes >= 8 * MIB) return bytes
  checker.problem(path, `expected a size of at least 8Mi such as 64Mi, got ${describeValue(value)}`)
  return majordomoDefaults.limits.memory
}

function checkInteger(
  checker: Checker,
  value: unknown,
  path: SetupPath,
  what: string,
  [min, max]: readonly [number, number],
): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  checker.problem(path, `expected ${what} between ${min} and ${max}, got ${describeValue(value)}`)
  return undefined
}

function checkNames(checker: Checker, value: unknown, path: SetupPath): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    checker.problem(path, `expected a list of names of services, got ${describeValue(value)}`)
    return []
  }
  return value.filter((name: unknown, index): name is string => {
    const text = checker.text(name, [...path, index], 'the name of a service')
    return text !== undefined && checker.name(text, [...path, index], 'service', 'value')
  })
}
