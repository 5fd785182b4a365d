import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ChangedError,
  ConflictError,
  checkPath,
  type DriverPlug,
  type Metadata,
  ServiceError,
  type Stored,
} from '@onitu/plug'
import { servicePath } from './locate.ts'
import type { Entry, MemoryStore } from './memory-store.ts'

/** Uploads of an aborted transfer may still be under way in the database; their state is only a name. */
interface Upload {
  readonly id: string
}

/** Everything that the Plug may ask of the memory driver. Tokens are compared and written in one turn of the store. */
export function registerHandlers(plug: DriverPlug, store: MemoryStore): void {
  const at = (metadata: Metadata) => {
    checkPath(metadata.path)
    return servicePath(plug.folders, metadata)
  }

  plug.handler('getChunk', async (metadata, offset, size, { token }) => {
    const content = await readWanted(store, at(metadata), token)
    return content.subarray(offset, offset + size)
  })
  plug.handler('getFile', (metadata, { token }) => readWanted(store, at(metadata), token))
  plug.handler('uploadFile', (metadata, content, { token, signal }) =>
    store.change(async () => {
      signal.throwIfAborted()
      checkReplaceable(store, at(metadata), token)
      return stored(await store.write(at(metadata), content, metadata.mtime))
    }),
  )
  plug.handler('deleteFile', (metadata, { token }) =>
    store.change(async () => {
      if (store.get(at(metadata)) === undefined) return
      checkReplaceable(store, at(metadata), token)
      await store.delete(at(metadata))
    }),
  )
  plug.handler('moveFile', (from, to, { token }) =>
    store.change(async () => {
      checkWanted(store, at(from), token)
      checkReplaceable(store, at(to), null)
      return stored(await store.move(at(from), at(to), to.mtime))
    }),
  )
  plug.handler('setAttributes', (metadata, { token }) =>
    store.change(async () => {
      const entry = checkWanted(store, at(metadata), token)
      return stored(await store.setMtime(at(metadata), entry, metadata.mtime))
    }),
  )
  registerUploads(plug, store, at)
}

function registerUploads(plug: DriverPlug, store: MemoryStore, at: (metadata: Metadata) => string): void {
  plug.handler('startUpload', async (metadata, { token, signal }) => {
    signal.throwIfAborted()
    checkReplaceable(store, at(metadata), token)
    return { id: randomUUID() } satisfies Upload
  })
  plug.handler('restartUpload', async (_metadata, offset, { state }) => {
    const { id } = uploadOf(state)
    const kept = unbrokenLength(await store.parts(id), offset)
    await store.dropParts(id, kept)
    return kept
  })
  plug.handler('uploadChunk', async (_metadata, offset, chunk, { state, signal }) => {
    const milliseconds = Number(plug.options.delay)
    if (milliseconds > 0) await delay(milliseconds, undefined, { signal })
    await store.addPart(uploadOf(state).id, offset, chunk)
  })
  plug.handler('endUpload', (metadata, { state, token }) =>
    store.change(async () => {
      const { id } = uploadOf(state)
      checkReplaceable(store, at(metadata), token)
      const content = Buffer.concat([...(await store.parts(id)).values()])
      const entry = await store.write(at(metadata), content, metadata.mtime)
      await store.dropParts(id)
      return stored(entry)
    }),
  )
  plug.handler('abortUpload', (_metadata, { state }) => store.dropParts(uploadOf(state).id))
}

async function readWanted(store: MemoryStore, path: string, token: string): Promise<Uint8Array> {
  return store.change(async () => {
    checkWanted(store, path, token)
    return store.read(path)
  })
}

function checkWanted(store: MemoryStore, path: string, token: string): Entry {
  const entry = store.get(path)
  if (entry?.token === token) return entry
  throw new ChangedError(`${path} is ${entry === undefined ? 'gone' : 'not in the state that was asked for'}`)
}

function checkReplaceable(store: MemoryStore, path: string, token: string | null): void {
  const entry = store.get(path)
  if ((entry?.token ?? null) === token) return
  throw new ConflictError(`${path} ${entry === undefined ? 'is gone' : 'has changed'} since it was last looked at`)
}

/** Up to where the parts follow each other without a gap, and not beyond `limit`. */
function unbrokenLength(parts: ReadonlyMap<number, Uint8Array>, limit: number): number {
  let end = 0
  for (const [offset, chunk] of parts) {
    if (offset !== end || end + chunk.byteLength > limit) break
    end += chunk.byteLength
  }
  return end
}

function uploadOf(state: unknown): Upload {
  if (typeof state === 'object' && state !== null && 'id' in state && typeof state.id === 'string') {
    return { id: state.id }
  }
  throw new ServiceError('UPLOAD_LOST', `Expected the state of an upload, got ${JSON.stringify(state)}`)
}

function stored(entry: Entry): Stored {
  return { token: entry.token, mtime: entry.mtime }
}
