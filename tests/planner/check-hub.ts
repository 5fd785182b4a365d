import { fileId, type Head, mimetypeOf } from '@onitu/protocol'
import { expect } from 'vitest'
import { createDraft } from '../../packages/referee/src/decide/draft.ts'
import { targetsOf } from '../../packages/referee/src/decide/targets.ts'
import { filterFile } from '../../packages/referee/src/options/filter-file.ts'
import { fileOf, liveHeads, type ModelHub, type ModelService, ordersOf, report } from './model-hub.ts'
import { planFor } from './model-orders.ts'
import { below, type Entry, hashOfContent, sizeOfContent } from './model-service.ts'

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
    const left = ordersOf(hub, service).filter((order) => !isStuck(hub, service, order))
    const lines = left.map(({ fid, head }) => `${head?.path} ${JSON.stringify(planFor(hub, service, fid))}`)
    expect(lines, `orders of ${service.name}`).toEqual([])
  }
}

/** What is moved away only once it is where it cannot be put is obstructed as well. */
function isStuck(hub: ModelHub, service: ModelService, { order, head }: ReturnType<typeof ordersOf>[number]): boolean {
  const to = order.movedTo === undefined ? undefined : fileOf(hub, order.movedTo.fid).head
  return isObstructed(hub, service, head) || isObstructed(hub, service, to)
}

/**
 * Here or above there is a directory with something that is kept out, or above a file that its service alone keeps out, where it is sent no
 * directory: that is nobody's to delete, so it stays.
 */
function isObstructed(hub: ModelHub, service: ModelService, head: Head | undefined): boolean {
  if (head === undefined) return false
  const isFile = (path: string) => service.tree.get(path)?.kind === 'file'
  if (parentsOf(head.path).some((path) => isFile(path) && !passes(hub.policy, service, headAt(hub, path)))) return true
  return [...parentsOf(head.path), head.path].some((path) => {
    const isDirectory = service.tree.get(path)?.kind === 'directory'
    return headAt(hub, path)?.kind === 'file' && isDirectory && holdsKeptOut(hub, service, path)
  })
}

function holdsKeptOut(hub: ModelHub, service: ModelService, directory: string): boolean {
  return below(service.tree, directory).some((path) => !isLetInAt(hub, service, path))
}

function isLetInAt(hub: ModelHub, service: ModelService, path: string): boolean {
  const entry = service.tree.get(path)
  return entry === undefined || isLetIn(hub, service, path, entry)
}

/** I2: the heads that it should have by the rules, and those of which it holds the content anyway; nothing else is in the hub. */
function checkTree(hub: ModelHub, service: ModelService): void {
  if (service.mode !== 'rw') return
  const { policy, database: view, lastVersion } = hub
  const draft = createDraft({ view, policy, lastVersion, now: 1, holding: new Map() })
  const heads = liveHeads(hub)
  const wanted = [...heads.values()].filter(
    (head) => targetsOf(draft, policy, head).includes(service.name) && !isObstructed(hub, service, head),
  )
  // What is kept out stays in the place of what it replaced.
  const isOwn = (path: string) => !isLetInAt(hub, service, path)
  const needed = new Set(wanted.flatMap(({ path }) => parentsOf(path)))
  const expected = wanted
    .filter(({ path }) => !isOwn(path))
    .map((head) => describeHead(head))
    .sort()
  const shared = [...service.tree].filter(([path]) => heads.has(path) && !isOwn(path))
  const found = shared.map(([path, { kind, content, mtime, mode }]) =>
    kind === 'directory' ? `${path} directory` : `${path} ${hashOfContent(content)} ${mtime} ${mode}`,
  )
  // A directory that the rules do not send somewhere is made there for what they do send.
  const stuck = new Set(
    ordersOf(hub, service).flatMap((one) => (isStuck(hub, service, one) ? (one.head?.path ?? []) : [])),
  )
  const unknown = [...service.tree].filter(
    ([path, { kind }]) =>
      !heads.has(path) &&
      !stuck.has(path) &&
      !isOwn(path) &&
      !(kind === 'directory' && holdsKeptOut(hub, service, path)),
  )
  expect(unknown, `what the hub does not know of ${service.name}`).toEqual([])
  const given = new Set(expected)
  // What falls out of what a service wants stays there as it was; and so does a directory that was made for something in it.
  const isKept = (path: string) =>
    needed.has(path) || !passes(policy, service, heads.get(path)) || isObstructed(hub, service, heads.get(path))
  const extra = found.filter((line) => !given.has(line) && !isKept(line.replace(LINE_END, '')))
  expect({ extra, missing: expected.filter((line) => !found.includes(line)) }, `tree of ${service.name}`).toEqual({
    extra: [],
    missing: [],
  })
}

/** The options of the folder, and of the service, let it pass. */
export function isLetIn({ policy }: ModelHub, service: ModelService, path: string, { kind, content }: Entry): boolean {
  const filters = [policy.folders.get('docs'), policy.services.get(service.name)?.get('docs')]
  const file = { path, kind, size: kind === 'file' ? sizeOfContent(content) : 0, mimetype: mimetypeOf(path) }
  return filters.every((filter) => filter !== undefined && filterFile(filter, file) === undefined)
}

function passes(policy: ModelHub['policy'], service: ModelService, head: Head | undefined): boolean {
  const options = policy.services.get(service.name)?.get('docs')
  return head === undefined || options === undefined || filterFile(options, head) === undefined
}

/** What follows the path in a line of a tree. */
const LINE_END = / (directory|[0-9a-f]{64} \d+ \d+)$/

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
