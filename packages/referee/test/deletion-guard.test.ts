import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Server, startServer } from '@onitu/escalator'
import { contentHash, fileId, type Head, ipcAddress, keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Committed } from '../src/decide-many.ts'
import { DeletionGuard } from '../src/guard/deletion-guard.ts'
import { loadPolicy } from '../src/load-policy.ts'
import { type OutboxPage, readOutbox } from '../src/read-outbox.ts'

const PATHS = ['f', 'g']
const idOf = (path: string) => fileId('docs', path)

let runtime: string
let server: Server
let db: Client
beforeEach(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'onitu-guard-'))
  server = await startServer({ address: ipcAddress(runtime, 'escalator'), directory: join(runtime, 'db') })
  db = await connect({ address: server.address })
  const services = ['left', 'right']
  await db.put(keys.folder('docs'), { hold_deletions: { files: 1, share: 0 } })
  await db.put(keys.services, services)
  for (const service of services) {
    await db.put(keys.serviceFolders(service), ['docs'])
    await db.put(keys.serviceFolderOptions(service, 'docs'), { mode: 'rw' })
  }
  for (const [at, path] of PATHS.entries()) {
    const fid = idOf(path)
    await db.put(keys.head(fid), headOf(path))
    await db.put(keys.path('docs', path), fid)
    const deletion = { type: 'deleted', fid, folder: 'docs', path, base: 1, kind: 'file' }
    await db.put(keys.outbox('left', at + 1), deletion)
  }
})
afterEach(async () => {
  await db.close()
  await server.close()
  await rm(runtime, { recursive: true })
})

function headOf(path: string): Head {
  const content = { folder: 'docs', path, kind: 'file', size: 1, hash: contentHash(Buffer.from('A')) } as const
  const more = { mtime: 1000, mode: 0o644, mimetype: '', origin: 'right', deleted: false, parents: [] }
  return { fid: idOf(path), version: 1, ...content, ...more }
}

const nothing: Committed = { events: [], orders: [], balance: new Map(), held: new Map() }
const isHolding = (guard: DeletionGuard) => guard.holding.get('left')?.has('docs') === true

/** Too many deletions of `left` were judged, and are still in its outbox: the batch that holds them could not be written. */
async function judged(): Promise<{ guard: DeletionGuard; page: OutboxPage }> {
  const guard = new DeletionGuard(db, (await loadPolicy(db)).policy)
  await guard.prepare()
  const page = await readOutbox(db, 'left', 1000)
  expect(await guard.assess('left', page, 1000)).toEqual({ do: 'decide' })
  expect(isHolding(guard)).toBe(true)
  return { guard, page }
}

describe('deletions that are to be held and are not written down yet', () => {
  it('are held still after others edited one of the files', async () => {
    const { guard, page } = await judged()
    const others = { keys: [keys.outbox('right', 1)], observations: [], events: [] }
    const held = new Map([[keys.held('left', 'docs', 'file', idOf('f')), null]])
    await guard.decided('right', others, { ...nothing, held }, 1000)
    await guard.assess('left', page, 1000)
    expect(isHolding(guard)).toBe(true)
  })

  it('are held still after something was approved', async () => {
    const { guard } = await judged()
    await guard.refresh()
    expect(isHolding(guard)).toBe(true)
  })

  it('are held no longer once they are decided and nothing is left of them', async () => {
    const { guard, page } = await judged()
    await guard.decided('left', page, nothing, 1000)
    expect(isHolding(guard)).toBe(false)
  })
})

it('deletions that are held end when others have ended the last of them', async () => {
  const { guard, page } = await judged()
  const key = keys.held('left', 'docs', 'file', idOf('f'))
  await db.put(key, page.observations[0])
  await guard.decided('left', page, nothing, 1000)
  expect(isHolding(guard)).toBe(true)
  await db.delete(key)
  const others = { keys: [keys.outbox('right', 1)], observations: [], events: [] }
  await guard.decided('right', others, { ...nothing, held: new Map([[key, null]]) }, 1000)
  expect(isHolding(guard)).toBe(false)
})
