import { fileId, type Head } from '@onitu/protocol'
import { expect } from 'vitest'
import { createDraft } from '../../packages/referee/src/decide/draft.ts'
import { targetsOf } from '../../packages/referee/src/decide/targets.ts'
import { filterFile } from '../../packages/referee/src/options/filter-file.ts'
import { fileOf, liveHeads, type ModelHub, type ModelService, ordersOf, report } from './model-hub.ts'
import { planFor } from './model-orders.ts'
import { type Entry, hashOfContent } from './model-service.ts'

/** What is promised (docs/architecture.md, Guarantees) of a hub that is quiet. */
export function checkHub(hub: ModelHub): void {
  checkOrders(hub)
  for (const service of hub.services) checkTree(hub, service)
  checkContents(hub)
  checkRescan(hub)
}

export function headAt(hub: ModelHub, path: string): Head | undefined {
  const { head } = fileOf(hub, fileId('docs', path))
  return head === undefined || head.deleted ? undefined : head
}

/** I1. On a service that is only written, a directory with files of its own may stand in the way for ever: it is kept. */
function checkOrders(hub: ModelHub): void {
  for (const service of hub.services.filter(({ mode }) => mode !== 'w')) {
    const left = ordersOf(hub, service).map(
      ({ fid, head }) => `${head?.path} ${JSON.stringify(planFor(hub, service, fid))}`,
    )
    expect(left, `orders of ${service.name}`).toEqual([])
  }
}

/** I2: the heads that it should have by the rules, and those of which it holds the content anyway; nothing else is in the hub. */
function checkTree(hub: ModelHub, service: ModelService): void {
  if (service.mode !== 'rw') return
  const { policy, database: view, lastVersion } = hub
  const draft = createDraft({ view, policy, lastVersion, now: 1 })
  const heads = liveHeads(hub)
  const wanted = [...heads.values()].filter((head) => targetsOf(draft, policy, head).includes(service.name))
  const needed = new Set(wanted.flatMap(({ path }) => parentsOf(path)))
  const expected = wanted.map((head) => describeHead(head)).sort()
  const shared = [...service.tree].filter(([path]) => heads.has(path))
  const found = shared.map(([path, { kind, content, mtime, mode }]) =>
    kind === 'directory' ? `${path} directory` : `${path} ${hashOfContent(content)} ${mtime} ${mode}`,
  )
  // A directory that the rules do not send somewhere is made there for what they do send.
  const unknown = [...service.tree].filter(([path, entry]) => !heads.has(path) && isWanted(hub, path, entry))
  expect(unknown, `what the hub does not know of ${service.name}`).toEqual([])
  const given = new Set(expected)
  const extra = found.filter((line) => !given.has(line) && !needed.has(line.replace(/ directory$/, '')))
  expect({ extra, missing: expected.filter((line) => !found.includes(line)) }, `tree of ${service.name}`).toEqual({
    extra: [],
    missing: [],
  })
}

/** The options of the folder let it pass. */
function isWanted({ policy }: ModelHub, path: string, { kind }: Entry): boolean {
  const options = policy.folders.get('docs')
  return options !== undefined && filterFile(options, { path, kind, size: 1, mimetype: '' }) === undefined
}

function describeHead({ path, kind, hash, mtime, mode }: Head): string {
  return kind === 'directory' ? `${path} directory` : `${path} ${hash} ${mtime} ${mode}`
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}

/** I3 and I4: what users wrote is somewhere, unless replaced by someone who had it before his eyes; and there is nothing else. */
function checkContents({ services, ledger }: ModelHub): void {
  const present = new Set(services.flatMap(({ tree }) => [...tree.values()].map(({ content }) => content)))
  const lost = [...ledger.written].filter((content) => !present.has(content) && !ledger.replaced.has(content))
  expect(lost, 'contents that nobody replaced').toEqual([])
  const invented = [...present].filter((content) => content !== 0 && !ledger.written.has(content))
  expect(invented, 'contents that nobody wrote').toEqual([])
}

/** I1: looking at everything again, as after a restart, finds nothing to tell. */
function checkRescan(hub: ModelHub): void {
  for (const service of hub.services) {
    const { seen } = service
    service.seen = new Map()
    report(hub, service)
    expect(service.outbox, `what ${service.name} tells after it has looked at all again`).toEqual([])
    service.seen = seen
  }
}
