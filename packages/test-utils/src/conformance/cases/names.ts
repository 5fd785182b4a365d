import { contentHash } from '@onitu/protocol'
import { expect } from 'vitest'
import { type Case, type CaseGroup, when } from '../case.ts'
import { FOLDER } from '../service/conformance-plug.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectAbsent, expectContent, expectKnown, expectSame } from './expectations.ts'
import { bytes, NAMES, text } from './samples.ts'

/** Whether the service can hold a file under exactly this name. */
async function holds(service: RunningService, name: string): Promise<boolean> {
  const { normalizePath } = service.plug.handlers
  if (normalizePath === undefined) return true
  return normalizePath(FOLDER, name).then(
    (normal) => normal === name,
    () => false,
  )
}

async function heldNames(service: RunningService): Promise<string[]> {
  const names: string[] = []
  for (const [, name] of NAMES) if (await holds(service, name)) names.push(name)
  return names
}

function oneName(title: string, name: string): Case {
  return {
    title: `holds a name with ${title}, or says that it cannot`,
    async run({ place, openSettled }) {
      const service = await openSettled()
      if (!(await holds(service, name))) return
      const content = text(`in ${name}`)
      await service.write(name, content)
      await expectContent(place.access, name, content)
      expectSame(await service.read(name), content, 'what was read')
      await service.close()
      const after = await openSettled()
      expect(after.plug.changes, 'what was told after a restart').toEqual([])
      const changed = text('changed by a user')
      await place.access.write(name, changed)
      await after.catchUp()
      expectKnown(after, name, contentHash(changed))
      await after.remove(name)
      await expectAbsent(place.access, name)
    },
  }
}

const together: Case = {
  title: 'keeps all these names apart in one directory, as they were written',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const names = await heldNames(service)
    await Promise.all(names.map((name) => service.write(`names/${name}`, text(name))))
    for (const name of names) await expectContent(place.access, `names/${name}`, text(name))
    const listed = (await place.access.list()).filter((path) => path.startsWith('names/'))
    expect(listed.map((path) => path.slice('names/'.length)).sort()).toEqual([...names].sort())
  },
}

const found: Case = {
  title: 'tells of files with all these names exactly as they are',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const names = await heldNames(service)
    for (const name of names) await place.access.write(`found/${name}`, text(name))
    await service.catchUp()
    for (const name of names) expectKnown(service, `found/${name}`, contentHash(text(name)))
    const files = service.plug.changes.filter((change) => change.type !== 'deleted' && change.kind !== 'directory')
    // One may be told of twice: a file is there before its content is.
    expect(new Set(files.map(({ path }) => path)).size).toBe(names.length)
  },
}

const deep: Case = {
  title: 'makes the directories above a file, twenty levels deep',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const path = `${Array.from({ length: 20 }, (_, level) => `level ${level}`).join('/')}/file`
    const content = bytes(100)
    await service.write(path, content)
    await expectContent(place.access, path, content)
    expectSame(await service.read(path), content, 'what was read')
  },
}

const casePairs: Case = {
  title: 'keeps names apart that differ only in case',
  async run({ place, openSettled }) {
    const service = await openSettled()
    await service.write('Readme', text('upper'))
    await service.write('readme', text('lower'))
    await expectContent(place.access, 'Readme', text('upper'))
    await expectContent(place.access, 'readme', text('lower'))
  },
}

export const names: CaseGroup = {
  title: 'names',
  cases: ({ manifest: { capabilities } }) => [
    ...NAMES.map(([title, name]) => oneName(title, name)),
    together,
    found,
    deep,
    ...when(capabilities.caseSensitive, [casePairs]),
  ],
}
