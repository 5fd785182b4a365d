import { keys } from '@onitu/protocol'
import { createRandom, type Random } from '../support/random.ts'
import { findViolations, unrest } from './check.ts'
import { chooseSetup } from './choose-setup.ts'
import type { FaultKind } from './fault-kinds.ts'
import { drained } from './scheduler.ts'
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
  /** What went wrong, and how often. */
  readonly happened: ReadonlyMap<FaultKind, number>
}

/** One life of a small hub, as the seed says: services, users, faults, and what comes of it. */
export async function simulate(seed: number, seams: Seams = {}, traceAll = false): Promise<Outcome> {
  const random = createRandom(seed)
  const world = new World(seed ^ 0x5bd1e995, chooseSetup(seed, random), seams, traceAll)
  let failure: string | undefined
  try {
    world.start()
    const rounds = 1 + random.below(3)
    for (let round = 0; round < rounds && failure === undefined; round++) failure = await live(world, random)
    failure ??= await planAgain(world)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { hash, turns, happened } = world.scheduler
  return { hash, turns, happened, failure: failure === undefined ? undefined : `${failure}\n${describe(world)}` }
}

function chooseFaults(random: Random): Partial<Faults> {
  if (random.chance(0.15)) return {}
  const some = (most: number) => (random.chance(0.5) ? most * (random.below(100) / 100) : 0)
  return { db: some(0.1), driver: some(0.1), bus: some(0.3), crash: some(2), clock: some(0.5), root: some(0.5) }
}

/** Users work while things go wrong; then all is repaired, and everything has to come right. */
async function live(world: World, random: Random): Promise<string | undefined> {
  world.ledger.deeds = []
  const hasOrders = (name: string) => world.keysOf(keys.orderPrefix(name)).length > 0
  world.hadOrders = new Set([...world.storages.keys()].filter(hasOrders))
  for (const { unsure } of world.storages.values()) unsure.clear()
  world.live(chooseFaults(random))
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
  // One of them may be about to be carried out, though it would be allowed to wait.
  if (isTrying(world)) await pass(world, LATE_WRITES)
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
  const wasTrying = isTrying(world)
  for (const { watcher, core } of world.processes.values()) {
    watcher?.tellAll()
    core?.sweep()
  }
  await pass(world, 70_000)
  if (world.store.writes !== before && !wasTrying && !isTrying(world))
    return 'Looking at everything again has written something'
  const heads = world.headsText()
  world.killAll()
  const restless = await settle(world)
  if (restless !== undefined) return `After a restart the hub does not become quiet: ${restless}`
  return world.headsText() === heads ? undefined : 'A restart has made versions'
}

/** What cannot be done is tried again and again, which is written down. */
function isTrying(world: World): boolean {
  return world.keysOf('service:').some((key) => key.includes(':order:'))
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
      value === false || (typeof value === 'number' && value > 1) || key === 'tokens' ? [`${key}=${value}`] : [],
    )
    return `${name} (${kind.mode} ${can.join(' ')}): ${listed.join(' ')}`
  })
  return [...world.scheduler.trace, JSON.stringify({ ...world.setup, services: undefined }), ...trees].join('\n')
}
