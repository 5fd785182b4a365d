import type { Metadata, UploadState } from '@onitu/plug'
import { expect } from 'vitest'
import { type Case, type CaseGroup, when } from '../case.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectAbsent, expectContent, failureOf } from './expectations.ts'
import { bytes, severalChunks, text } from './samples.ts'

interface Begun {
  readonly metadata: Metadata
  readonly state: UploadState
}

const never = () => new AbortController().signal

/** Begins an upload and writes so many of its chunks. */
async function begin(service: RunningService, content: Uint8Array, count: number, token: string | null) {
  const metadata = service.metadata('file', content)
  const state = await service.plug.use('startUpload')(metadata, { token, signal: never() })
  await upload(service, { metadata, state }, content, 0, count)
  return { metadata, state }
}

async function upload(
  service: RunningService,
  { metadata, state }: Begun,
  content: Uint8Array,
  from: number,
  count = 99,
) {
  const { chunkSize } = service
  for (let at = from, left = count; at < content.byteLength && left > 0; at += chunkSize, left--) {
    const chunk = content.subarray(at, at + chunkSize)
    await service.plug.use('uploadChunk')(metadata, at, chunk, { state, signal: never() })
  }
}

function abortAfter(chunks: number, title: string): Case {
  return {
    title: `leaves no trace of an upload that is aborted ${title}, by itself or after a restart`,
    async run({ place, openSettled }) {
      const service = await openSettled()
      await service.write('file', text('before'))
      const before = await place.access.list()
      const content = bytes(severalChunks(service.chunkSize))
      const { token } = service.known('file')
      const first = await begin(service, content, chunks, token)
      await expectContent(place.access, 'file', text('before'))
      await service.plug.use('abortUpload')(first.metadata, { state: first.state, signal: never() })
      expect(await place.access.list()).toEqual(before)
      await service.plug.use('abortUpload')(first.metadata, { state: first.state, signal: never() })
      const second = await begin(service, content, chunks, token)
      service.crash()
      const after = await openSettled()
      await after.plug.use('abortUpload')(second.metadata, { state: second.state, signal: never() })
      expect(await place.access.list()).toEqual(before)
      await expectContent(place.access, 'file', text('before'))
      await after.read('file')
    },
  }
}

const signalled: Case = {
  title: 'does not write what was cancelled before it began',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const before = await place.access.list()
    const signal = AbortSignal.abort(new Error('cancelled by the suite'))
    for (const chunked of [false, true])
      await failureOf(service.write('file', text('content'), { signal, chunked }), 'a cancelled write')
    expect(await place.access.list()).toEqual(before)
    await service.write('file', text('content'))
    await expectContent(place.access, 'file', text('content'))
  },
}

const invisible: Case = {
  title: 'shows nothing of an upload under way, and does not tell of it',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const content = bytes(severalChunks(service.chunkSize))
    const begun = await begin(service, content, 2, null)
    await service.catchUp()
    expect(service.plug.changes).toEqual([])
    await expectAbsent(place.access, 'file')
    await upload(service, begun, content, 2 * service.chunkSize)
    const context = { state: begun.state, token: null, signal: never() }
    await service.plug.use('endUpload')(begun.metadata, context)
    await expectContent(place.access, 'file', content)
  },
}

const inAnyOrder: Case = {
  title: 'takes as many chunks of an upload at once as it says, in any order',
  async run({ place, openSettled, definition }) {
    const service = await openSettled()
    const { chunkSize } = service
    const atOnce = definition.manifest.capabilities.parallelChunks ?? 1
    const content = bytes(2 * atOnce * chunkSize + 12_345)
    const begun = await begin(service, content, 0, null)
    const offsets = Array.from({ length: 2 * atOnce + 1 }, (_, index) => index * chunkSize).reverse()
    while (offsets.length > 0)
      await Promise.all(offsets.splice(0, atOnce).map((at) => upload(service, begun, content, at, 1)))
    const context = { state: begun.state, token: null, signal: never() }
    await service.plug.use('endUpload')(begun.metadata, context)
    await expectContent(place.access, 'file', content)
  },
}

const unhashed: Case = {
  title: 'takes an upload of which hash and version are known only at its end',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const content = bytes(severalChunks(service.chunkSize))
    const known = service.metadata('file', content)
    const unknown = { ...known, hash: '0'.repeat(64), version: 0 }
    const state = await service.plug.use('startUpload')(unknown, { token: null, signal: never() })
    await upload(service, { metadata: unknown, state }, content, 0)
    await expectAbsent(place.access, 'file')
    const stored = await service.plug.use('endUpload')(
      { ...known, version: 0 },
      { state, token: null, signal: never() },
    )
    service.plug.stored(known, stored)
    await expectContent(place.access, 'file', content)
    await service.read('file')
  },
}

const cancelled: Case = {
  title: 'leaves no trace of an upload of which a chunk was cancelled while it was written',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const before = await place.access.list()
    const content = bytes(severalChunks(service.chunkSize))
    const { metadata, state } = await begin(service, content, 1, null)
    const controller = new AbortController()
    const { chunkSize } = service
    const chunk = content.subarray(chunkSize, 2 * chunkSize)
    const writing = service.plug.use('uploadChunk')(metadata, chunkSize, chunk, { state, signal: controller.signal })
    controller.abort(new Error('cancelled by the suite'))
    await Promise.allSettled([writing])
    await service.plug.use('abortUpload')(metadata, { state, signal: never() })
    expect(await place.access.list()).toEqual(before)
  },
}

const resume: Case = {
  title: 'goes on with an upload after a kill at each chunk',
  async run({ place, openSettled }) {
    let service = await openSettled()
    const { chunkSize } = service
    const content = bytes(severalChunks(chunkSize))
    const begun = await begin(service, content, 0, null)
    for (let at = 0; at < content.byteLength; ) {
      await upload(service, begun, content, at, 1)
      service.crash()
      service = await openSettled()
      const asked = Math.min(at + chunkSize, content.byteLength)
      const context = { state: begun.state, signal: never() }
      const offset = await service.plug.use('restartUpload')(begun.metadata, asked, context)
      expect(offset).toBeLessThanOrEqual(asked)
      await upload(service, begun, content, offset, Math.ceil((asked - offset) / chunkSize))
      at = asked
    }
    expect(service.plug.changes).toEqual([])
    const context = { state: begun.state, token: null, signal: never() }
    const stored = await service.plug.use('endUpload')(begun.metadata, context)
    service.plug.stored(begun.metadata, stored)
    await expectContent(place.access, 'file', content)
    await service.read('file')
  },
}

const overwritten: Case = {
  title: 'writes a chunk again over one that was written before a kill',
  async run({ place, openSettled }) {
    const first = await openSettled()
    const { chunkSize } = first
    const content = bytes(severalChunks(chunkSize))
    const begun = await begin(first, content, 3, null)
    first.crash()
    const second = await openSettled()
    const context = { state: begun.state, signal: never() }
    const offset = await second.plug.use('restartUpload')(begun.metadata, chunkSize, context)
    expect(offset).toBeLessThanOrEqual(chunkSize)
    await upload(second, begun, content, offset)
    await second.plug.use('endUpload')(begun.metadata, { ...context, token: null })
    await expectContent(place.access, 'file', content)
  },
}

const lost: Case = {
  title: 'does not pretend to go on with an upload of which nothing is left',
  async run({ openSettled }) {
    const service = await openSettled()
    const content = bytes(severalChunks(service.chunkSize))
    const begun = await begin(service, content, 2, null)
    const context = { state: begun.state, signal: never() }
    await service.plug.use('abortUpload')(begun.metadata, context)
    const restart = service.plug.use('restartUpload')(begun.metadata, service.chunkSize, context)
    const offset = await restart.catch(() => 0)
    expect(offset).toBe(0)
  },
}

export const uploads: CaseGroup = {
  title: 'uploads',
  cases: ({ manifest: { capabilities } }) => [
    abortAfter(0, 'before the first chunk'),
    abortAfter(1, 'after the first chunk'),
    abortAfter(99, 'after the last chunk'),
    signalled,
    invisible,
    cancelled,
    ...when((capabilities.parallelChunks ?? 1) > 1, [inAnyOrder]),
    ...when(capabilities.hashAtEnd === true, [unhashed]),
    ...when(capabilities.resumableUpload, [resume, overwritten, lost]),
  ],
}
