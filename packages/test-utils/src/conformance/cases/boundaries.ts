import { expect } from 'vitest'
import type { Case, CaseGroup } from '../case.ts'
import { expectContent, failureOf } from './expectations.ts'
import { text } from './samples.ts'

const OUTSIDE = [
  '../escaped',
  'a/../../escaped',
  '../../escaped',
  '/escaped',
  'a//b',
  './escaped',
  'a/\0b',
  '.onitu/folder',
]

const escapes: Case = {
  title: 'refuses paths that lead out of the folder, or to what Onitu keeps there',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const before = await place.access.list()
    for (const path of OUTSIDE) {
      for (const chunked of [false, true])
        await failureOf(service.write(path, text('escaped'), { chunked }), `writing ${JSON.stringify(path)}`)
    }
    expect(await place.access.list()).toEqual(before)
  },
}

const links: Case = {
  title: 'does not follow a link: neither to write, nor to read, nor to delete, nor to tell of what is behind it',
  async run({ place, openSettled }) {
    const { link } = place.access
    if (link === undefined) return
    const service = await openSettled()
    await service.write('file', text('content'))
    await link.call(place.access, 'link')
    await failureOf(service.write('link/through', text('through')), 'writing through a link')
    await failureOf(service.write('link', text('over')), 'writing over a link')
    await service.catchUp()
    expect([...service.plug.known.keys()]).toEqual(['file'])
    await place.access.remove('file')
    await link.call(place.access, 'file')
    await failureOf(service.read('file'), 'reading through a link')
    await failureOf(service.write('file', text('replaced')), 'replacing a link')
    await service.catchUp()
  },
}

const unknownPath: Case = {
  title: 'leaves alone what it was not asked to touch',
  async run({ place, openSettled }) {
    await place.access.write('of a user/file', text('kept'))
    const service = await openSettled()
    await service.write('of a user/other', text('other'))
    await service.remove('of a user/other')
    await expectContent(place.access, 'of a user/file', text('kept'))
  },
}

export const boundaries: CaseGroup = { title: 'boundaries', cases: () => [escapes, links, unknownPath] }
