import {
  ChangedError,
  ConflictError,
  checkPath,
  DriverError,
  type DriverPlug,
  type Manifest,
  type Metadata,
  type Seen,
} from '@onitu/plug'
import type { DriverDefinition } from '../../src/conformance/index.ts'
import { ReferenceStore, referencePlace, type StoredEntry } from './reference-store.ts'

/** What a driver can do wrong. */
export type Mistake =
  | 'reads what has changed'
  | 'writes over what has changed'
  | 'deletes what has changed'
  | 'sets attributes of what has changed'
  | 'takes chunks only in order'
  | 'moves onto what exists'
  | 'loses the last byte of a chunk'
  | 'forgets the directories above'
  | 'changes names'
  | 'folds case'
  | 'leaves aborted uploads'
  | 'writes in place'
  | 'resumes from nothing'
  | 'ignores the end of the old content'
  | 'does not look again'
  | 'does not notice deletions'
  | 'tells of its own writes'
  | 'takes a move for a new file'
  | 'deletes full directories'
  | 'leaves the folder'
  | 'touches what is beside'
  | 'tells secrets'
  | 'forgets times'
  | 'gives new tokens'
  | 'ignores cancelling'

const manifest: Manifest = {
  name: 'reference',
  description: 'A service in memory',
  velocity: 0.5,
  folderPath: 'opaque',
  options: {},
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    parallelChunks: 2,
    nativeMove: true,
    directories: true,
    mtime: true,
    mode: false,
    caseSensitive: true,
    tokenGranularity: 0,
  },
}

const POLL = 20
let runs = 0

/** A correct driver, but for one mistake. */
export function referenceDefinition(mistake?: Mistake): DriverDefinition {
  let store = new ReferenceStore()
  return {
    manifest,
    noticed: 1_000,
    place: async () => {
      store = new ReferenceStore()
      return referencePlace(store)
    },
    start: async (plug) => start(plug, store, (wrong) => wrong === mistake),
  }
}

async function start(plug: DriverPlug, store: ReferenceStore, does: (mistake: Mistake) => boolean) {
  const run = ++runs
  if (does('tells secrets')) plug.logger.info({ word: 'a very secret word' }, 'Connecting')
  if (does('touches what is beside')) store.outside = 'touched'
  registerReading(plug, store, does, run)
  registerWriting(plug, store, does, run)
  registerUploads(plug, store, does, run)
  const look = lookAgain(plug, store, does, run)
  await look()
  plug.handler('catchUp', async () => {
    if (!does('does not look again')) await look()
  })
  const timer = setInterval(() => void (does('does not look again') ? undefined : look()), POLL)
  return { close: async () => clearInterval(timer) }
}

type Does = (mistake: Mistake) => boolean

function tokenOf(entry: StoredEntry, does: Does, run: number): string {
  return `${entry.kind} ${entry.revision} ${entry.mtime}${does('gives new tokens') ? ` ${run}` : ''}`
}

function nameOf(path: string, does: Does): string {
  if (!does('leaves the folder')) checkPath(path)
  if (does('changes names')) return path.replaceAll('?', '_').normalize('NFC')
  return does('folds case') ? path.toLowerCase() : path
}

function registerReading(plug: DriverPlug, store: ReferenceStore, does: Does, run: number): void {
  plug.handler('getChunk', async ({ path }, offset, size, { token }) => {
    const entry = store.entries.get(nameOf(path, does))
    if (entry === undefined) throw new ChangedError(`${path} is gone`)
    if (tokenOf(entry, does, run) !== token && !does('reads what has changed'))
      throw new ChangedError(`${path} changed`)
    const short = does('loses the last byte of a chunk') && offset > 0 ? 1 : 0
    return entry.content.slice(offset, Math.max(offset, offset + size - short))
  })
}

function check(store: ReferenceStore, path: string, token: string | null, does: Does, run: number): void {
  const entry = store.entries.get(nameOf(path, does))
  const found = entry === undefined ? null : tokenOf(entry, does, run)
  if (found !== token) throw new ConflictError(`${path} is ${found}, not ${token}`)
}

function registerWriting(plug: DriverPlug, store: ReferenceStore, does: Does, run: number): void {
  const put = (metadata: Metadata, content: Uint8Array) => {
    const path = nameOf(metadata.path, does)
    const old = store.entries.get(path)?.content ?? new Uint8Array()
    const mixed = does('ignores the end of the old content')
      ? Buffer.concat([content, old.subarray(content.byteLength)])
      : content
    if (does('forgets the directories above') && path.includes('/'))
      throw new DriverError('NO_PARENT', 'no such directory')
    const entry = store.put(path, mixed, does('forgets times') ? 5 : (metadata.mtime ?? 0))
    return { token: tokenOf(entry, does, run), mtime: entry.mtime }
  }
  plug.handler('uploadFile', async (metadata, content, { token, signal }) => {
    if (!does('ignores cancelling')) signal.throwIfAborted()
    if (!does('writes over what has changed')) check(store, metadata.path, token, does, run)
    return put(metadata, content)
  })
  plug.handler('endUpload', async (metadata, { token, state }) => {
    if (!does('writes over what has changed')) check(store, metadata.path, token, does, run)
    const content = store.uploads.get(String(state)) ?? new Uint8Array()
    store.uploads.delete(String(state))
    return put(metadata, content)
  })
  plug.handler('setAttributes', async (metadata, { token }) => {
    if (!does('sets attributes of what has changed')) check(store, metadata.path, token, does, run)
    if (metadata.kind === 'directory') return { token }
    return put(metadata, store.entries.get(metadata.path)?.content ?? Buffer.of())
  })
  plug.handler('deleteFile', async ({ path, kind }, { token }) => {
    if (!store.entries.has(nameOf(path, does))) return
    if (!does('deletes what has changed')) check(store, path, token, does, run)
    const below = kind === 'directory' ? store.below(path) : []
    if (below.length > 0 && !does('deletes full directories'))
      throw new DriverError('NOT_EMPTY', `${path} is not empty`)
    for (const each of [nameOf(path, does), ...below]) store.entries.delete(each)
  })
  plug.handler('moveFile', async (from, to, { token }) => {
    const entry = store.entries.get(nameOf(from.path, does))
    if (entry === undefined || tokenOf(entry, does, run) !== token) throw new ChangedError(`${from.path} changed`)
    if (!does('moves onto what exists')) check(store, to.path, null, does, run)
    store.rename(nameOf(from.path, does), nameOf(to.path, does))
    return { token, mtime: entry.mtime }
  })
  plug.handler('createDirectory', async ({ path }) => {
    store.mkdir(nameOf(path, does))
    const entry = store.entries.get(path)
    if (entry === undefined) throw new DriverError('NOT_MADE', path)
    return { token: tokenOf(entry, does, run) }
  })
}

function registerUploads(plug: DriverPlug, store: ReferenceStore, does: Does, run: number): void {
  plug.handler('startUpload', async (metadata, { token, signal }) => {
    if (!does('ignores cancelling')) signal.throwIfAborted()
    if (!does('writes over what has changed')) check(store, metadata.path, token, does, run)
    const id = `${metadata.fid} ${metadata.version}`
    store.uploads.set(id, new Uint8Array())
    if (does('writes in place')) store.put(metadata.path, new Uint8Array())
    return id
  })
  plug.handler('restartUpload', async (_metadata, offset, { state }) => {
    const content = store.uploads.get(String(state))
    if (content === undefined) {
      if (does('resumes from nothing')) return offset
      throw new DriverError('UPLOAD_GONE', 'nothing is left')
    }
    return Math.min(offset, content.byteLength)
  })
  plug.handler('uploadChunk', async (_metadata, offset, chunk, { state }) => {
    const written = store.uploads.get(String(state)) ?? new Uint8Array()
    const gap = does('takes chunks only in order') ? 0 : Math.max(0, offset - written.byteLength)
    const before = Buffer.concat([written, Buffer.alloc(gap)])
    store.uploads.set(
      String(state),
      Buffer.concat([before.subarray(0, offset), chunk, before.subarray(offset + chunk.byteLength)]),
    )
  })
  plug.handler('abortUpload', async (_metadata, { state }) => {
    if (!does('leaves aborted uploads')) store.uploads.delete(String(state))
  })
}

/** Compares what is there with what the Plug knows. */
function lookAgain(plug: DriverPlug, store: ReferenceStore, does: Does, run: number) {
  return async () => {
    const lost = new Map<string, string>()
    const known = new Map<string, string>()
    for await (const { path, token } of plug.list('docs')) {
      known.set(path, token)
      if (!store.entries.has(path)) lost.set(token, path)
    }
    for (const [path, entry] of store.entries) {
      const token = tokenOf(entry, does, run)
      if (known.get(path) === token) continue
      const { kind, mtime, content } = entry
      const told =
        does('tells of its own writes') && kind === 'file' ? { token: `${token} again ${Math.random()}` } : { token }
      const seen: Seen = { folder: 'docs', path, kind, size: content.byteLength, mtime, ...told }
      const from = does('takes a move for a new file') || kind === 'directory' ? undefined : lost.get(token)
      const hash = from === undefined ? undefined : (await plug.getMetadata('docs', from))?.hash
      if (from === undefined || hash === undefined) await plug.updateFile(seen)
      else await plug.moveFile({ folder: 'docs', path: from }, { ...seen, hash })
    }
    if (does('does not notice deletions')) return
    for (const path of lost.values()) if (!store.entries.has(path)) await plug.deleteFile('docs', path)
  }
}
