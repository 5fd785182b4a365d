import type { Capabilities } from '../../packages/plug/src/contract.ts'
import { createRandom, type Random } from '../support/random.ts'
import { findViolations, unrest } from './check.ts'
import { drained } from './scheduler.ts'
import type { ServiceKind } from './storage.ts'
import { type Faults, type Seams, World } from './world.ts'

/** Far more than any run needs: more than that means that the hub never becomes quiet. */
const MOST_TURNS = 20_000
/** ms within which what was written, though nobody said so, has been written once more. */
const LATE_WRITES = 10_000
const LONGEST_REST = 6 * 3600 * 1000

export interface Outcome {
  readonly hash: number
  readonly turns: number
  /** Undefined when all that is promised held. */
  readonly failure: string | undefined
}

const COMPLETE: Capabilities = {
  atomicReplace: true,
  conditionalWrite: true,
  rangedRead: true,
  resumableUpload: true,
  nativeMove: true,
  directories: true,
  mtime: true,
  mode: true,
  caseSensitive: true,
  tokenGranularity: 0,
}

/** One life of a small hub, as the seed says: services, users, faults, and what comes of it. */
export async function simulate(seed: number, seams: Seams = {}, traceAll = false): Promise<Outcome> {
  const random = createRandom(seed)
  const world = new World(seed ^ 0x5bd1e995, chooseServices(random), chooseOptions(seed), seams, traceAll)
  let failure: string | undefined
  try {
    world.start()
    const rounds = 1 + random.below(3)
    for (let round = 0; round < rounds && failure === undefined; round++) failure = await live(world, random)
    failure ??= await planAgain(world)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { hash, turns } = world.scheduler
  return { hash, turns, failure: failure === undefined ? undefined : `${failure}\n${describe(world)}` }
}

function chooseServices(random: Random): Record<string, ServiceKind> {
  const names = ['left', 'right', 'third'].slice(0, random.chance(0.6) ? 2 : 3)
  const services = Object.fromEntries(names.map((name) => [name, chooseKind(random)]))
  return services
}

/** In a part of the runs a few deletions at once are held already, in another none is, and nothing waits for more of them. */
function chooseOptions(seed: number): Readonly<Record<string, unknown>> {
  const kind = seed % 4
  if (kind === 0) return {}
  if (kind !== 1) return { hold_deletions: false }
  const round = Math.floor(seed / 4)
  return { hold_deletions: { files: round % 3, share: round % 2 === 0 ? 0 : 0.3 } }
}

function chooseKind(random: Random): ServiceKind {
  const isPlain = random.chance(0.5)
  const may = () => isPlain || random.chance(0.6)
  return {
    mode: 'rw',
    capabilities: {
      ...COMPLETE,
      conditionalWrite: may(),
      nativeMove: may(),
      directories: may(),
      mtime: may(),
      mode: may(),
      resumableUpload: may(),
    },
    mtimeStep: may() ? 1 : 2000,
    seesMoves: may(),
    tellsHash: random.chance(0.5),
    chunkSize: random.pick([24, 64, 1024]),
  }
}

function chooseFaults(random: Random): Partial<Faults> {
  if (random.chance(0.15)) return {}
  const some = (most: number) => (random.chance(0.5) ? most * (random.below(100) / 100) : 0)
  return { db: some(0.1), driver: some(0.1), bus: some(0.3), crash: some(2), clock: some(0.5), root: some(0.5) }
}

/** Users work while things go wrong; then all is repaired, and everything has to come right. */
async function live(world: World, random: Random): Promise<string | undefined> {
  world.ledger.deeds = []
  for (const { unsure } of world.storages.values()) unsure.clear()
  world.setFaults(chooseFaults(random))
  const single = random.chance(0.35) ? random.pick(world.users) : undefined
  for (let step = 0; step < 2 + random.below(10); step++) {
    const user = single ?? random.pick(world.users)
    user.act()
    if (world.holdsDeletions && random.chance(0.2)) world.judgeHeld(random.pick(['approve', 'reject']))
    const turns = random.chance(0.3) ? 0 : random.below(random.chance(0.2) ? 300 : 40)
    for (let turn = 0; turn < turns; turn++) {
      world.disturb()
      await world.scheduler.turn()
    }
  }
  world.remember()
  world.calm()
  const restless = await settleAll(world, random)
  if (restless !== undefined) return `The hub does not become quiet: ${restless}`
  const violations = findViolations(world)
  return violations.length === 0 ? undefined : violations.join('\n')
}

/** With everything that was held approved or rejected. */
async function settleAll(world: World, random: Random): Promise<string | undefined> {
  for (;;) {
    const restless = await settle(world)
    if (restless !== undefined || !world.holdsDeletions) return restless
    world.judgeHeld(random.pick(['approve', 'reject']))
  }
}

async function settle(world: World): Promise<string | undefined> {
  const { scheduler } = world
  const end = scheduler.elapsed + LONGEST_REST
  for (let turn = 0; turn < MOST_TURNS && scheduler.elapsed < end; turn++) {
    if (world.failure !== undefined) return world.failureText.join('')
    if (scheduler.pending === 0) {
      await drained()
      if (unrest(world) === undefined) return undefined
    }
    await scheduler.turn()
  }
  return unrest(world) ?? 'it came to rest too late'
}

/** I1 and I9: nothing is written when everything is looked at again, nor when everything is started again. */
async function planAgain(world: World): Promise<string | undefined> {
  await pass(world, LATE_WRITES)
  const before = world.store.writes
  for (const { watcher, core } of world.processes.values()) {
    watcher?.tellAll()
    core?.sweep()
  }
  await pass(world, 70_000)
  if (world.store.writes !== before) return 'Looking at everything again has written something'
  const heads = world.headsText()
  world.killAll()
  const restless = await settle(world)
  if (restless !== undefined) return `After a restart the hub does not become quiet: ${restless}`
  return world.headsText() === heads ? undefined : 'A restart has made versions'
}

async function pass(world: World, ms: number): Promise<void> {
  const end = world.scheduler.elapsed + ms
  while (world.scheduler.elapsed < end) await world.scheduler.turn()
}

function describe(world: World): string {
  const trees = [...world.storages.values()].map(({ name, kind, entries }) => {
    const listed = [...entries].map(([path, { kind: what, content }]) =>
      what === 'directory' ? `${path}/` : `${path}=${world.ledger.numberOf(content) ?? '?'}`,
    )
    const can = Object.entries({ ...kind.capabilities, ...kind }).flatMap(([key, value]) =>
      value === false || (typeof value === 'number' && value > 1) ? [`${key}=${value}`] : [],
    )
    return `${name} (${kind.mode} ${can.join(' ')}): ${listed.join(' ')}`
  })
  return [...world.scheduler.trace, ...trees].join('\n')
}
