import { createRandom, type Random } from '../support/random.ts'
import { checkHub, headAt, isLetIn } from './check-hub.ts'
import { createModelHub, decideOne, type ModelHub, type ModelService, ordersOf, report } from './model-hub.ts'
import { carryOutOne } from './model-orders.ts'
import { hashOfContent, SIZES } from './model-service.ts'
import { resolveOne } from './resolve-one.ts'
import type { Scenario, Step } from './scenario.ts'
import { act } from './user-action.ts'

/** Far more than any run needs; more than that means that the hub never becomes quiet. */
const MOST_STEPS = 4000

/** Runs it to the end and checks what is promised. Throws with the whole story of what happened. */
export function runScenario(scenario: Scenario): void {
  const hub = createModelHub(scenario.setup)
  const random = createRandom(scenario.schedule)
  try {
    for (const action of scenario.tree) act(nth(hub.services, 0).tree, hub.ledger, action)
    settle(hub, random)
    for (const step of scenario.steps) take(hub, step, random)
    if (scenario.resolving) settle(hub, random, resolveSome)
    settle(hub, random)
    checkHub(hub)
    checkOneMore(hub, random)
  } catch (error) {
    throw new Error(`${String(error)}\n${hub.log.join('\n')}\n${describeTrees(hub)}`, { cause: error })
  }
}

function take(hub: ModelHub, step: Step, random: Random): void {
  if (step.type === 'settle') {
    settle(hub, random)
    return
  }
  if (step.type === 'resolve') {
    resolveOne(hub, step.conflict, step.keep)
    return
  }
  const service = nth(hub.services, step.service)
  if (step.type === 'report') report(hub, service)
  else if (step.type === 'decide') decideOne(hub, service)
  else if (step.type === 'order') carryOutOrder(hub, service, step.order)
  else {
    const { action } = step
    hub.log.push(`user of ${service.name}: ${action.do} ${action.path} ${action.to}`)
    act(service.tree, hub.ledger, action)
  }
}

function carryOutOrder(hub: ModelHub, service: ModelService, at: number): void {
  const orders = ordersOf(hub, service)
  if (orders.length > 0) carryOutOne(hub, service, nth(orders, at).fid)
}

/** Most conflicts are there only once all is reported. */
function resolveSome(hub: ModelHub, random: Random): void {
  if (hub.conflicts.size > 0 && random.chance(0.1)) resolveOne(hub, random.below(6), random.below(3))
}

function settle(hub: ModelHub, random: Random, meanwhile: (hub: ModelHub, random: Random) => void = () => {}): void {
  for (let step = 0; step < MOST_STEPS; step++) {
    meanwhile(hub, random)
    const service = random.pick(hub.services)
    report(hub, service)
    if (random.chance(0.5)) decideOne(hub, service)
    if (tryOrder(hub, random)) continue
    if (hub.services.every(({ outbox }) => outbox.length === 0)) {
      for (const each of hub.services) report(hub, each)
      const quiet = hub.services.every((each) => each.outbox.length === 0)
      if (quiet && !tryOrder(hub, random)) return
    }
  }
  throw new Error('The hub does not become quiet')
}

function tryOrder(hub: ModelHub, random: Random): boolean {
  for (const service of random.shuffle(hub.services)) {
    for (const { fid } of random.shuffle(ordersOf(hub, service))) if (carryOutOne(hub, service, fid)) return true
  }
  return false
}

/** Once all is quiet: one edit makes one version, and what is deleted is gone everywhere and stays so. */
function checkOneMore(hub: ModelHub, random: Random): void {
  const service = random.pick(hub.services.filter(({ mode }) => mode === 'rw'))
  const files = [...service.tree].filter(
    ([path, { kind, content }]) => kind === 'file' && headAt(hub, path)?.hash === hashOfContent(content),
  )
  if (files.length === 0) return
  const [path] = random.pick(files)
  const before = hub.lastVersion
  if (!editOne(hub, service, path)) return
  settle(hub, random)
  if (hub.lastVersion !== before + 1) throw new Error(`One edit of ${path} made ${hub.lastVersion - before} versions`)
  act(service.tree, hub.ledger, { do: 'erase', path, to: path })
  settle(hub, random)
  const holders = hub.services.filter((one) => one.mode === 'rw' && holds(hub, one, path)).map(({ name }) => name)
  if (holders.length > 0) throw new Error(`${path} was deleted and is still on ${holders.join(', ')}`)
  checkHub(hub)
}

/** With something that may go to the others; sizes come and go. */
function editOne(hub: ModelHub, service: ModelService, path: string): boolean {
  for (let attempt = 0; attempt < SIZES; attempt++) {
    act(service.tree, hub.ledger, { do: 'write', path, to: path })
    if (holds(hub, service, path)) return true
  }
  return false
}

/** A file that the options do not keep out. */
function holds(hub: ModelHub, service: ModelService, path: string): boolean {
  const entry = service.tree.get(path)
  return entry?.kind === 'file' && isLetIn(hub, service, path, entry)
}

function nth<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length]
  if (item === undefined) throw new RangeError('There is nothing to take from')
  return item
}

function describeTrees({ services }: { readonly services: readonly ModelService[] }): string {
  return services
    .map(
      ({ name, tree }) =>
        `${name}: ${[...tree].map(([path, { kind, content }]) => `${path}=${kind === 'file' ? content : '/'}`).join(' ')}`,
    )
    .join('\n')
}
