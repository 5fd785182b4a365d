import { describe, expect, it } from 'vitest'
import {
  carryOutOne,
  createModelHub,
  decideOne,
  liveHeads,
  type ModelHub,
  ordersOf,
  planFor,
  report,
} from './model-hub.ts'
import { act, hashOfContent } from './model-service.ts'
import { createRandom, type Random } from './random.ts'

/** Far more than any run needs; more than that means that the hub never becomes quiet. */
const MOST_STEPS = 4000

function run(seed: number, modes: Readonly<Record<string, 'r' | 'w' | 'rw'>>): ModelHub {
  const random = createRandom(seed)
  const hub = createModelHub(modes)
  try {
    for (let round = 0; round < 1 + random.integer(3); round++) disturb(hub, random)
    settle(hub, random)
    check(hub)
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\n${hub.log.join('\n')}\n${describe_(hub)}`, { cause: error })
  }
  return hub
}

/** Users act on every side while observations, decisions and orders go on in any order. */
function disturb(hub: ModelHub, random: Random): void {
  for (let step = 0; step < 4 + random.integer(12); step++) {
    const service = random.pick(hub.services)
    const what = random.integer(6)
    if (what < 2) act(service.tree, hub.ledger, random)
    else if (what === 2) report(hub, service)
    else if (what === 3) decideOne(hub, service)
    else tryOrder(hub, random)
  }
  if (random.chance(0.3)) settle(hub, random)
}

function tryOrder(hub: ModelHub, random: Random): boolean {
  for (const service of random.shuffle(hub.services)) {
    for (const { fid } of random.shuffle(ordersOf(hub, service))) if (carryOutOne(hub, service, fid)) return true
  }
  return false
}

function settle(hub: ModelHub, random: Random): void {
  for (let step = 0; step < MOST_STEPS; step++) {
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

function check(hub: ModelHub): void {
  // On a service that is only written, a directory with files of its own may stand in the way for ever: it is kept.
  for (const service of hub.services.filter(({ mode }) => mode !== 'w')) {
    const left = ordersOf(hub, service).map(
      ({ fid, head }) => `${head?.path} ${JSON.stringify(planFor(hub, service, fid))}`,
    )
    expect(left, `orders of ${service.name}`).toEqual([])
  }
  const heads = [...liveHeads(hub)].map(([path, { kind, hash }]) => `${path} ${kind} ${hash}`).sort()
  for (const service of hub.services.filter(({ mode }) => mode === 'rw')) {
    const tree = [...service.tree]
      .map(([path, { kind, content }]) => `${path} ${kind} ${hashOfContent(content)}`)
      .sort()
    expect(tree, `tree of ${service.name} equals the heads`).toEqual(heads)
  }
  const present = new Set(hub.services.flatMap(({ tree }) => [...tree.values()].map(({ content }) => content)))
  const lost = [...hub.ledger.written].filter((content) => !present.has(content) && !hub.ledger.replaced.has(content))
  expect(lost, 'contents that nobody replaced').toEqual([])
}

function describe_(hub: ModelHub): string {
  return hub.services
    .map(
      ({ name, tree }) =>
        `${name}: ${[...tree].map(([path, { kind, content }]) => `${path}=${kind === 'file' ? content : '/'}`).join(' ')}`,
    )
    .join('\n')
}

describe('the planner, on random trees with random changes on every side', () => {
  it.each([
    ['two services', { left: 'rw', right: 'rw' }],
    ['three services', { left: 'rw', right: 'rw', third: 'rw' }],
    ['with one that is only read', { left: 'rw', right: 'r', third: 'rw' }],
    ['with one that is only written', { left: 'rw', right: 'w', third: 'rw' }],
  ] as const)('becomes quiet, with equal trees and nothing lost: %s', (_title, modes) => {
    const first = Number(process.env.ONITU_SEED ?? 0)
    const runs = Number(process.env.ONITU_RUNS ?? (process.env.ONITU_SEED === undefined ? 1000 : 1))
    for (let seed = first; seed < first + runs; seed++) run(seed, modes)
  })
})
