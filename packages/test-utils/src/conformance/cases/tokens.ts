import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { type Case, type CaseContext, type CaseGroup, when } from '../case.ts'
import { errorCode } from '../error-code.ts'
import { expectAbsent, expectCode, expectContent } from './expectations.ts'
import { bytes, severalChunks, text } from './samples.ts'

/** Until a change gives another token, also where the service has coarse times. */
async function passGranularity({ definition }: CaseContext): Promise<void> {
  const { tokenGranularity } = definition.manifest.capabilities
  if (tokenGranularity > 0) await delay(tokenGranularity * 1.1)
}

const stable: Case = {
  title: 'gives a file that is not touched the same token, also after a restart',
  async run({ openSettled, place }) {
    const before = await openSettled()
    await before.write('ours', bytes(100))
    await place.access.write('theirs', bytes(100))
    await before.catchUp()
    const tokens = ['ours', 'theirs'].map((path) => before.known(path).token)
    await before.close()
    const after = await openSettled()
    expect(after.plug.changes).toEqual([])
    expect(['ours', 'theirs'].map((path) => after.known(path).token)).toEqual(tokens)
    await after.read('ours')
    await after.read('theirs')
  },
}

const staleRead: Case = {
  title: 'does not read a file that has changed, or is gone',
  async run(context) {
    const { openSettled, place } = context
    const service = await openSettled()
    const { token } = await service.write('file', bytes(100))
    const known = service.known('file')
    const read = () => {
      const { signal } = new AbortController()
      const { getFile } = service.plug.handlers
      return getFile === undefined
        ? service.plug.use('getChunk')(known, 0, 100, { token, signal })
        : getFile(known, { token, signal })
    }
    await read()
    await passGranularity(context)
    await place.access.write('file', bytes(100))
    await expectCode(read(), 'CHANGED', 'reading a changed file')
    await place.access.remove('file')
    await expectCode(read(), 'CHANGED', 'reading a file that is gone')
  },
}

const noMixture: Case = {
  title: 'gives a reader of chunks CHANGED, and never a mixture, when the file is replaced in between',
  async run(context) {
    const { openSettled, place } = context
    const service = await openSettled()
    const chunk = service.chunkSize
    const first = bytes(severalChunks(chunk))
    const { token } = await service.write('file', first)
    const known = service.known('file')
    const read = (offset: number) =>
      service.plug.use('getChunk')(known, offset, chunk, { token, signal: new AbortController().signal })
    await read(0)
    await passGranularity(context)
    await place.access.write('file', bytes(first.byteLength))
    await expectCode(read(chunk), 'CHANGED', 'the second chunk')
    await expectCode(read(first.byteLength - 1), 'CHANGED', 'the last byte')
  },
}

/** `write` must be refused, and leave what is there. */
async function refused(context: CaseContext, chunked: boolean): Promise<void> {
  const { openSettled, place } = context
  const service = await openSettled()
  const { token } = await service.write('file', text('first'))
  const before = await place.access.list()
  await passGranularity(context)
  await place.access.write('file', text('of a user'))
  const write = (given: string | null, path = 'file') =>
    service.write(path, text('of Onitu'), { token: given, chunked })
  await expectCode(write(token), 'CONFLICT', 'a write under a stale token')
  await expectContent(place.access, 'file', text('of a user'))
  await expectCode(write(null), 'CONFLICT', 'a write where nothing may be')
  await expectContent(place.access, 'file', text('of a user'))
  await place.access.remove('file')
  await expectCode(write(token), 'CONFLICT', 'a write in place of a file that is gone')
  await expectAbsent(place.access, 'file')
  expect(await place.access.list(), 'what is left of refused writes').toEqual(before.filter((path) => path !== 'file'))
}

const staleWrite: Case = {
  title: 'refuses to write under a stale token and leaves the other content as it is',
  run: (context) => refused(context, false),
}

const staleUpload: Case = {
  title: 'refuses to end an upload under a stale token and leaves the other content as it is',
  run: (context) => refused(context, true),
}

const changedMeanwhile: Case = {
  title: 'refuses to end an upload when the file was changed while it was under way',
  async run(context) {
    const { openSettled, place } = context
    const service = await openSettled()
    const { token } = await service.write('file', text('first'))
    const before = await place.access.list()
    const content = bytes(service.chunkSize + 10)
    const metadata = service.metadata('file', content)
    const { signal } = new AbortController()
    const { plug, chunkSize } = service
    const state = await plug.use('startUpload')(metadata, { token, signal })
    await plug.use('uploadChunk')(metadata, 0, content.subarray(0, chunkSize), { state, signal })
    await plug.use('uploadChunk')(metadata, chunkSize, content.subarray(chunkSize), { state, signal })
    await passGranularity(context)
    await place.access.write('file', text('of a user'))
    const end = async () => {
      // The Plug looks once more for services that cannot refuse by themselves.
      if (!service.capabilities.conditionalWrite) await service.range('file', 0, 0, token)
      await plug.use('endUpload')(metadata, { token, state, signal })
    }
    const code = await end().then(() => 'no error', errorCode)
    expect(['CONFLICT', 'CHANGED']).toContain(code)
    await plug.use('abortUpload')(metadata, { state, signal })
    await expectContent(place.access, 'file', text('of a user'))
    expect(await place.access.list(), 'what is left of the upload').toEqual(before)
  },
}

const staleDelete: Case = {
  title: 'refuses to delete a file that has changed',
  async run(context) {
    const { openSettled, place } = context
    const service = await openSettled()
    const { token } = await service.write('file', text('first'))
    await passGranularity(context)
    await place.access.write('file', text('of a user'))
    const code = await service.remove('file', token).then(() => 'no error', errorCode)
    expect(['CONFLICT', 'CHANGED']).toContain(code)
    await expectContent(place.access, 'file', text('of a user'))
  },
}

const staleAttributes: Case = {
  title: 'refuses to set time and mode of a file that has changed, or is gone',
  async run(context) {
    const { openSettled, place } = context
    const service = await openSettled()
    if (service.plug.handlers.setAttributes === undefined) return
    await service.write('file', text('first'))
    const known = service.known('file')
    await passGranularity(context)
    await place.access.write('file', text('of a user'))
    const set = () => service.setAttributes('file', { mtime: 1_500_000_000_000, mode: 0o600 }, known)
    const code = await set().then(() => 'no error', errorCode)
    expect(['CONFLICT', 'CHANGED']).toContain(code)
    await expectContent(place.access, 'file', text('of a user'))
    await place.access.remove('file')
    expect(['CONFLICT', 'CHANGED']).toContain(await set().then(() => 'no error', errorCode))
    await expectAbsent(place.access, 'file')
  },
}

const sameDirectory: Case = {
  title: 'says whether a directory is still the one that was seen, when it is to set nothing of it',
  async run({ place, openSettled }) {
    const service = await openSettled()
    if (service.plug.handlers.setAttributes === undefined) return
    const { token } = await service.makeDirectory('directory')
    const known = service.known('directory')
    const ask = () => service.setAttributes('directory', { mtime: null, mode: null }, known)
    expect((await ask()).token).toBe(token)
    await place.access.remove('directory')
    expect(['CONFLICT', 'CHANGED']).toContain(await ask().then(() => 'no error', errorCode))
    await expectAbsent(place.access, 'directory')
  },
}

export const tokens: CaseGroup = {
  title: 'tokens',
  cases: ({ manifest: { capabilities } }) => [
    stable,
    staleRead,
    noMixture,
    staleWrite,
    staleUpload,
    changedMeanwhile,
    staleDelete,
    staleAttributes,
    ...when(capabilities.directories, [sameDirectory]),
  ],
}
