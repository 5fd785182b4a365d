import type { Handlers, Metadata } from '@onitu/plug'
import { contentHash, fileId } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { HandlerCalls } from './handler-calls.ts'

const MIB = 1024 * 1024
const content = Buffer.alloc(2.5 * MIB, 'onitu')

function metadataOf(bytes: Uint8Array): Metadata {
  const [folder, path] = ['data', 'file']
  return {
    ...{ fid: fileId(folder, path), folder, path, kind: 'file', size: bytes.byteLength, hash: contentHash(bytes) },
    ...{ mtime: null, mode: null, mimetype: 'text/plain', version: 1 },
  }
}

/** A driver that notes what it is asked, and a hub that asks. */
function start(handlers: Partial<Handlers> = {}, parallelChunks = 1) {
  const done: string[] = []
  const note = (name: string) => async () => {
    done.push(name)
    return null as never
  }
  const calls = new HandlerCalls({ parallelChunks })
  const names = ['startUpload', 'uploadChunk', 'uploadFile', 'endUpload', 'abortUpload'] as const
  calls.serve(
    { ...Object.fromEntries(names.map((name) => [name, note(name)])), ...handlers },
    new Map([['data', { name: 'data', path: '/data', mode: 'rw', identity: 'i', known: true }]]),
  )
  calls.listen()
  const ask = (method: string, args: readonly unknown[], bytes?: Uint8Array) =>
    calls.answer({ method, args, content: bytes, signal: new AbortController().signal, atWork: () => undefined })
  return { ask, done, metadata: metadataOf(content) }
}

describe('handlers called by a hub', () => {
  it('end an upload of which all has arrived as it is', async () => {
    const { ask, done, metadata } = start()
    await ask('startUpload', [metadata, { token: null }])
    const chunks = [0, 1, 2].map((at) =>
      ask('uploadChunk', [metadata, at * MIB, {}], content.subarray(at * MIB, (at + 1) * MIB)),
    )
    await Promise.all(chunks)
    await ask('endUpload', [metadata, { token: null }])
    expect(done).toEqual(['startUpload', 'uploadChunk', 'uploadChunk', 'uploadChunk', 'endUpload'])
  })

  it('leave nothing of an upload of which something else has arrived, and never give it its name', async () => {
    const { ask, done, metadata } = start()
    await ask('startUpload', [metadata, { token: null }])
    const wrong = Buffer.from(content).fill(0, MIB, MIB + 1)
    await ask('uploadChunk', [metadata, 0, {}], wrong)
    await expect(ask('endUpload', [metadata, { token: null }])).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    expect(done).toEqual(['startUpload', 'uploadChunk', 'abortUpload'])
  })

  it('know the beginning of an upload that goes on', async () => {
    const { ask, done, metadata } = start({ restartUpload: async (_metadata, offset) => offset })
    await ask('startUpload', [metadata, { token: null }])
    await ask('uploadChunk', [metadata, 0, {}], Buffer.from(content.subarray(0, 2 * MIB)).fill(0, 0, 1))
    await ask('restartUpload', [metadata, MIB, {}])
    await ask('uploadChunk', [metadata, MIB, {}], content.subarray(MIB))
    await expect(ask('endUpload', [metadata, { token: null }])).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    expect(done.at(-1)).toBe('abortUpload')
  })

  it('write no whole file but the one that is meant', async () => {
    const { ask, done, metadata } = start()
    const wrong = Buffer.from(content).fill(0, 7, 8)
    await expect(ask('uploadFile', [metadata, { token: null }], wrong)).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    await ask('uploadFile', [metadata, { token: null }], content)
    expect(done).toEqual(['uploadFile'])
  })

  it.each([1, 2])('get %i chunks of a file at once when they can take so many', async (parallelChunks) => {
    const finish: (() => void)[] = []
    const uploadChunk = () => new Promise<void>((resolve) => finish.push(resolve))
    const { ask, metadata } = start({ uploadChunk }, parallelChunks)
    const chunks = [0, 1, 2].map((at) => ask('uploadChunk', [metadata, at, {}], content.subarray(at, at + 1)))
    for (let left = 3; left > 0; left--) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(finish.length).toBe(Math.min(left, parallelChunks))
      finish.shift()?.()
    }
    await Promise.all(chunks)
  })

  it('write nothing behind a chunk that has failed', async () => {
    let written = 0
    const uploadChunk = async () => {
      if (written++ === 0) throw new Error('no space')
    }
    const { ask, metadata } = start({ uploadChunk })
    const chunks = [0, 1].map((at) => ask('uploadChunk', [metadata, at, {}], content.subarray(at, at + 1)))
    expect((await Promise.allSettled(chunks)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(written).toBe(1)
  })
})
