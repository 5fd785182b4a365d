import { setTimeout as delay } from 'node:timers/promises'
import { contentHash } from '@onitu/protocol'
import { expect } from 'vitest'
import { waitUntil } from '../../wait-until.ts'
import { type Case, type CaseContext, type CaseGroup, when } from '../case.ts'
import type { Access } from '../definition.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectContent, expectKnown, noticed } from './expectations.ts'
import { bytes, text } from './samples.ts'

/** What a user does to a service, and what has to be known afterwards. */
async function userAtWork(access: Access): Promise<ReadonlyMap<string, Uint8Array>> {
  const content = bytes(5_000)
  await access.write('new', content)
  await access.write('deep/in/new directories/file', content)
  await access.write('edited', text('another, longer content'))
  await access.remove('deleted')
  await access.rename('renamed', 'elsewhere/renamed')
  await access.rename('directory', 'directory renamed')
  return new Map([
    ['new', content],
    ['deep/in/new directories/file', content],
    ['edited', text('another, longer content')],
    ['elsewhere/renamed', text('content of renamed')],
    ['directory renamed/one', text('content of directory/one')],
    ['directory renamed/two', text('content of directory/two')],
    ['untouched', text('content of untouched')],
  ])
}

const BEFORE = ['edited', 'deleted', 'renamed', 'directory/one', 'directory/two', 'untouched']

async function prepare(service: RunningService): Promise<void> {
  for (const path of BEFORE) await service.write(path, text(`content of ${path}`))
}

function expectFiles(service: RunningService, files: ReadonlyMap<string, Uint8Array>): void {
  const known = [...service.plug.known.values()].filter(({ kind }) => kind === 'file')
  const found = known.map(({ path, hash }) => [path, hash])
  const expected = [...files].map(([path, content]) => [path, contentHash(content)])
  expect(Object.fromEntries(found), service.describe()).toEqual(Object.fromEntries(expected))
}

const atStart: Case = {
  title: 'tells at start of what was there before',
  async run({ place, openSettled }) {
    await place.access.write('a/b/file', text('content'))
    await place.access.write('empty', new Uint8Array())
    const service = await openSettled()
    expectFiles(
      service,
      new Map([
        ['a/b/file', text('content')],
        ['empty', new Uint8Array()],
      ]),
    )
  },
}

const whileDown: Case = {
  title: 'tells at start of what was made, edited, moved and deleted while it was down',
  async run(context) {
    const before = await context.openSettled()
    await prepare(before)
    await before.close()
    await passTime(context)
    const files = await userAtWork(context.place.access)
    expectFiles(await context.openSettled(), files)
  },
}

const afterKill: Case = {
  title: 'tells at start of what changed while it was killed',
  async run(context) {
    const before = await context.openSettled()
    await prepare(before)
    before.crash()
    await passTime(context)
    const files = await userAtWork(context.place.access)
    expectFiles(await context.openSettled(), files)
  },
}

const caughtUp: Case = {
  title: 'has told, when it has caught up, of all that changed before',
  async run(context) {
    const service = await context.openSettled()
    await prepare(service)
    await passTime(context)
    const files = await userAtWork(context.place.access)
    await service.catchUp()
    expectFiles(service, files)
  },
}

const live: Case = {
  title: 'notices changes by itself while it runs',
  async run({ definition, place, openSettled }) {
    const { noticed: limit } = definition
    const service = await openSettled()
    await place.access.write('made', text('made'))
    await noticed(service, 'made', contentHash(text('made')), limit)
    await place.access.write('made', text('edited by a user'))
    await noticed(service, 'made', contentHash(text('edited by a user')), limit)
    await place.access.rename('made', 'moved')
    await noticed(service, 'moved', contentHash(text('edited by a user')), limit)
    await noticed(service, 'made', undefined, limit)
    await place.access.remove('moved')
    await noticed(service, 'moved', undefined, limit)
  },
}

const manyAtOnce: Case = {
  title: 'notices two hundred files that appear at once in new nested directories',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const paths = Array.from({ length: 200 }, (_, at) => `tree/${at % 5}/${at % 20}/file ${at}`)
    await Promise.all(paths.map((path) => place.access.write(path, text(path))))
    await service.catchUp()
    for (const path of paths) expectKnown(service, path, contentHash(text(path)))
  },
}

const directoryGone: Case = {
  title: 'tells of every file in a directory that was deleted, and of the directory',
  async run({ place, openSettled }) {
    const service = await openSettled()
    for (const path of ['tree/a', 'tree/b/c', 'other']) await service.write(path, text(path))
    await service.catchUp()
    await place.access.remove('tree')
    await service.catchUp()
    expect([...service.plug.known.keys()]).toEqual(['other'])
  },
}

const emptyDirectory: Case = {
  title: 'tells of an empty directory, made by a user',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await place.access.makeDirectory('empty/inner')
    await service.catchUp()
    expect(service.known('empty').kind).toBe('directory')
    expect(service.known('empty/inner').kind).toBe('directory')
  },
}

const moved: Case = {
  title: 'tells of a renamed file as moved, so that nobody has to fetch it again',
  async run(context) {
    const { place, openSettled } = context
    const service = await openSettled()
    const content = bytes(10_000)
    await place.access.write('before', content)
    await service.catchUp()
    await passTime(context)
    await place.access.rename('before', 'directory/after')
    await service.catchUp()
    expectKnown(service, 'directory/after', contentHash(content))
    const change = service.plug.changes.find((one) => one.path === 'directory/after')
    expect(change).toMatchObject({ type: 'moved', from: { path: 'before' } })
  },
}

const hidden: Case = {
  title:
    'takes a folder that is away for unavailable, deletes nothing because of it, writes nothing, and comes back by itself',
  async run({ definition, place, openSettled }) {
    const service = await openSettled()
    await service.write('file', text('content'))
    const restore = (await place.hide?.()) ?? (async () => undefined)
    const timeout = definition.noticed ?? 10_000
    try {
      await waitUntil(() => service.plug.unavailable, { timeout, what: 'the folder was not called unavailable' })
      await expect(service.write('other', text('other'))).rejects.toMatchObject({ retryable: true })
      expect(service.known('file').path).toBe('file')
    } finally {
      await restore()
    }
    await waitUntil(() => service.plug.unavailable === undefined, {
      timeout: 2 * timeout,
      what: () => service.describe(),
    })
    await service.write('other', text('other'))
    await expectContent(place.access, 'file', text('content'))
    expect(service.plug.changes.filter(({ type }) => type === 'deleted')).toEqual([])
  },
}

async function passTime({ definition }: CaseContext): Promise<void> {
  const { tokenGranularity } = definition.manifest.capabilities
  if (tokenGranularity > 0) await delay(tokenGranularity * 1.1)
}

export const watching: CaseGroup = {
  title: 'watching',
  cases: ({ manifest: { capabilities } }) => [
    atStart,
    whileDown,
    afterKill,
    caughtUp,
    live,
    manyAtOnce,
    directoryGone,
    ...when(capabilities.directories, [emptyDirectory]),
    ...when(capabilities.nativeMove, [moved]),
  ],
}

/** Only where the place can take its folder away. */
export const availability: CaseGroup = { title: 'availability', cases: () => [hidden] }
