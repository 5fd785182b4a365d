import type { Condition, Key, Operation } from '@onitu/escalator'
import type { Handlers } from '../../packages/plug/src/contract.ts'
import type { OrderView } from '../../packages/plug/src/orders/plan-order.ts'
import type { Hooks } from './hooks.ts'
import type { Owner } from './scheduler.ts'
import type { Storage } from './storage.ts'
import type { Seams } from './world.ts'

/** A deliberate fault: the simulation has to notice that it is there. */
export interface Mutation {
  /** A seed that notices it, if it is not among the first ones: it is tried before them. */
  readonly noticedBy?: number
  readonly seams?: Seams
  readonly hooks?: Hooks
}

const REFEREE = 'referee'

type Writes = readonly Operation<Key>[]

function onOperations(change: (owner: Owner, operations: Writes) => Writes): Seams {
  return {
    onBatch: (owner, operations, conditions) => ({ operations: change(owner, operations), conditions }),
  }
}

function unconditional(isMeant: (owner: Owner) => boolean): Seams {
  const none: readonly Condition<Key>[] = []
  return {
    onBatch: (owner, operations, conditions) => ({ operations, conditions: isMeant(owner) ? none : conditions }),
  }
}

function onView(change: (view: OrderView) => Partial<OrderView>): Hooks {
  return { planOrder: (original) => (view) => original({ ...view, ...change(view) }) }
}

function changed<T>(value: unknown, change: Partial<T>): unknown {
  return { ...(value as T), ...change }
}

const isPut = (key: string) => (one: Operation<Key>) => one.type === 'put' && String(one.key).includes(key)

/** Whatever is there is taken for what may be replaced. */
function withoutTokens(handlers: Partial<Handlers>, { entries }: Storage): Partial<Handlers> {
  const tokenAt = (path: string) => entries.get(path)?.token ?? null
  const { uploadFile, deleteFile } = handlers
  return {
    ...handlers,
    ...(uploadFile && {
      uploadFile: (metadata, content, context) =>
        uploadFile(metadata, content, { ...context, token: tokenAt(metadata.path) }),
    }),
    ...(deleteFile && {
      deleteFile: (metadata, context) =>
        deleteFile(metadata, { ...context, token: tokenAt(metadata.path) ?? context.token }),
    }),
  }
}

/** Adds to what is there, wherever that ends. */
function appending(handlers: Partial<Handlers>, { uploads }: Storage): Partial<Handlers> {
  const { uploadChunk } = handlers
  if (uploadChunk === undefined) return handlers
  return {
    ...handlers,
    restartUpload: async (_metadata, offset) => offset,
    uploadChunk: (metadata, _offset, chunk, context) =>
      uploadChunk(metadata, uploads.get(String(context.state))?.byteLength ?? 0, chunk, context),
  }
}

const EVERYBODY = ['left', 'right', 'third']

function withoutMode(mode: 'r' | 'w'): NonNullable<Seams['engine']> {
  return ({ folders }) => ({
    folders: new Map(
      [...folders].map(([name, folder]) => [name, folder.mode === mode ? { ...folder, mode: 'rw' } : folder]),
    ),
  })
}

/** Says that it is done before it is. */
function hasty(handlers: Partial<Handlers>): Partial<Handlers> {
  const { deleteFile } = handlers
  if (deleteFile === undefined) return handlers
  return {
    ...handlers,
    deleteFile: async (metadata, context) => {
      void deleteFile(metadata, context).catch((error: unknown) => error)
    },
  }
}

/** Copies where it should rename. */
function copying(handlers: Partial<Handlers>, { entries }: Storage): Partial<Handlers> {
  const { moveFile } = handlers
  if (moveFile === undefined) return handlers
  return {
    ...handlers,
    moveFile: async (from, to, context) => {
      const before = entries.get(from.path)
      const stored = await moveFile(from, to, context)
      if (before !== undefined && !entries.has(from.path)) entries.set(from.path, before)
      return stored
    },
  }
}

const isOdd = (key: Key) => String(key).charCodeAt(String(key).length - 1) % 2 === 1

export const mutations: Readonly<Record<string, Mutation>> = {
  'a driver does not check tokens': { noticedBy: 31, seams: { handlers: withoutTokens } },
  'a driver says that it has deleted before it has': { noticedBy: 31, seams: { handlers: hasty } },
  'a driver copies where it should rename': { noticedBy: 6, seams: { handlers: copying } },
  'a listing that was read in part counts as a whole one': { noticedBy: 3, seams: { believesParts: true } },
  'a root that is away counts as an empty one': { noticedBy: 26, seams: { believesAbsence: true } },
  'what a late listing leaves out counts as gone': { noticedBy: 26, seams: { believesLate: true } },
  'a token that may hide a change counts as proof': { noticedBy: 41, seams: { believesTokens: true } },
  'what is told a second time while an order changes the file is believed': {
    noticedBy: 51,
    hooks: { believesRepeats: true },
  },
  'an upload goes on behind bytes that were torn': { seams: { handlers: appending } },
  'what is in a service that is only written is read': { seams: { engine: withoutMode('w') } },
  'a service that is only read is written': {
    seams: { engine: withoutMode('r') },
    hooks: { modeOf: () => () => 'rw' },
  },
  'every file goes everywhere, whatever the rules say': {
    noticedBy: 26,
    hooks: { servicesByRules: () => () => new Set(EVERYBODY) },
  },
  'the options of a folder keep nothing out': { noticedBy: 8, hooks: { filterFile: () => () => undefined } },
  'some orders are dropped after they were given': {
    seams: onOperations((owner, operations) =>
      owner.name === REFEREE ? operations.filter((one) => !(isPut(':order:')(one) && isOdd(one.key))) : operations,
    ),
  },
  'an order is done with as soon as it is read': {
    hooks: {
      planOrder: (original) => (view) => {
        const plan = original(view)
        return plan.do === 'fetch' ? { do: 'acknowledge' } : plan
      },
    },
  },
  'an order that was replaced meanwhile counts as carried out': {
    noticedBy: 77,
    seams: unconditional((owner) => owner.name !== REFEREE),
  },
  'an observation stays after it was decided': {
    seams: onOperations((owner, operations) =>
      owner.name === REFEREE ? operations.filter((one) => !String(one.key).includes(':outbox:')) : operations,
    ),
  },
  'a deletion that is held is not written down': {
    noticedBy: 1,
    seams: onOperations((owner, operations) =>
      owner.name === REFEREE ? operations.filter((one) => !isPut(':held:')(one)) : operations,
    ),
  },
  'an observation is removed without what was decided': {
    seams: onOperations((owner, operations) =>
      owner.name === REFEREE && operations.length % 7 === 0
        ? operations.filter((one) => String(one.key).includes(':outbox:'))
        : operations,
    ),
  },
  'an observation is written without the state that it tells of': {
    seams: onOperations((owner, operations) =>
      owner.name !== REFEREE && operations.some(isPut(':outbox:'))
        ? operations.filter((one) => !isPut(':file:')(one))
        : operations,
    ),
  },
  'the version that was agreed on is forgotten': {
    seams: onOperations((_owner, operations) =>
      operations.map((one) =>
        one.type === 'put' && isPut(':file:')(one) ? { ...one, value: changed(one.value, { version: 0 }) } : one,
      ),
    ),
  },
  'the journal of a transfer is lost': {
    noticedBy: 454,
    seams: onOperations((_owner, operations) => operations.filter((one) => !isPut(':transfer:')(one))),
  },
  'what is told of later is decided first': {
    noticedBy: 76,
    hooks: {
      planReport: (original) => (changes, known, first) => {
        const plan = original(changes, known, first)
        const observations = plan.observations.map(({ sequence, observation }) => ({
          sequence: backwards(sequence),
          observation,
        }))
        const records = new Map([...plan.records].map(([fid, record]) => [fid, renumbered(record)] as const))
        return { ...plan, observations, records }
      },
    },
  },
  'what a report tells of is not marked as undecided': { noticedBy: 61, hooks: onView(() => ({ undecided: false })) },
  'what an order may replace is ignored': {
    noticedBy: 44,
    hooks: onView(({ order: { replaces: _, ...order } }) => ({ order })),
  },
  'what is in the way is replaced before it was moved': {
    noticedBy: 8,
    hooks: onView(({ order, record }) => ({
      toWaitsForThis: false,
      toPending: false,
      order: { ...order, ...(record === undefined ? {} : { replaces: record.hash }) },
    })),
  },
  'a content is not compared with its hash': {
    noticedBy: 141,
    hooks: {
      fetchWhole: (original) => async (fetcher, head, source) => {
        let received: Uint8Array | undefined
        const file = async (...given: Parameters<typeof fetcher.peers.file>) => {
          received = await fetcher.peers.file(...given)
          return received
        }
        const peers = { ...bound(fetcher.peers), file }
        try {
          return await original({ ...fetcher, peers }, head, source)
        } catch (error) {
          if (received?.byteLength !== head.size) throw error
          return received
        }
      },
    },
  },
  'everybody counts as having seen everything': { hooks: { hasSeen: () => () => true } },
  'nobody counts as having seen anything': { hooks: { hasSeen: () => () => false } },
  'nobody looks for orders of which the wake-up was lost': {
    seams: { engine: (engine) => ({ clock: { ...engine.clock, after: withoutSweeps(engine.clock.after) } }) },
  },
}

const LAST = 4_000_000_000_000_000

function backwards(sequence: number): number {
  return sequence < LAST / 2 ? LAST - sequence : sequence
}

function renumbered<T extends { readonly reported: number }>(record: T): T {
  return { ...record, reported: record.reported > 0 ? backwards(record.reported) : 0 }
}

type Peers = Parameters<ReturnType<NonNullable<Hooks['fetchWhole']>>>[0]['peers']

function bound(peers: Peers): Peers {
  return {
    file: (...given) => peers.file(...given),
    chunk: (...given) => peers.chunk(...given),
    active: (service) => peers.active(service),
    close: () => peers.close(),
  }
}

function withoutSweeps(after: (ms: number, callback: () => void) => () => void) {
  return (ms: number, callback: () => void) => (ms === 30_000 ? () => undefined : after(ms, callback))
}
