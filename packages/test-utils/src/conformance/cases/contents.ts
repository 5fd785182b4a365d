import { contentHash } from '@onitu/protocol'
import { expect } from 'vitest'
import { type Case, type CaseGroup, when } from '../case.ts'
import { expectContent, expectSame } from './expectations.ts'
import { bytes, severalChunks, sizesAround } from './samples.ts'

const sizes: Case = {
  title: 'writes and reads files of 0 and 1 bytes, and of one byte less and more than a chunk, whole',
  async run({ place, openSettled }) {
    const service = await openSettled()
    for (const size of sizesAround(service.chunkSize)) {
      const content = bytes(size)
      await service.write(`size ${size}`, content)
      await expectContent(place.access, `size ${size}`, content)
      expectSame(await service.read(`size ${size}`), content, `what was read of ${size} bytes`)
    }
  },
}

const chunked: Case = {
  title: 'writes files of all these sizes by chunks',
  async run({ place, openSettled }) {
    const service = await openSettled()
    for (const size of sizesAround(service.chunkSize)) {
      const content = bytes(size)
      await service.write(`size ${size}`, content, { chunked: true })
      await expectContent(place.access, `size ${size}`, content)
    }
  },
}

const ranges: Case = {
  title: 'reads ranges: at the beginning, in the middle, across chunks, to the end, beyond it, and of no bytes',
  async run({ openSettled }) {
    const service = await openSettled()
    const chunk = service.chunkSize
    const content = bytes(severalChunks(chunk))
    await service.write('file', content)
    const end = content.byteLength
    for (const [offset, size] of [
      [0, 1],
      [0, chunk],
      [1, chunk],
      [chunk - 1, 2],
      [chunk, chunk + 1],
      [end - 1, 1],
      [end - 10, 10],
      [end - 10, 100],
      [17, 0],
      [0, end],
    ] as const) {
      const wanted = content.subarray(offset, offset + size)
      expectSame(await service.range('file', offset, size), wanted, `${size} bytes at ${offset}`)
      expectSame(await service.rangeInto('file', offset, size), wanted, `${size} bytes at ${offset} into a buffer`)
    }
  },
}

const many: Case = {
  title: 'writes and reads many files at once',
  async run({ place, openSettled }) {
    const service = await openSettled()
    const files = Array.from({ length: 60 }, (_, index) => [`d${index % 7}/file ${index}`, bytes(index * 100)] as const)
    await Promise.all(files.map(([path, content]) => service.write(path, content)))
    await Promise.all(
      files.map(async ([path, content]) => expectSame(await service.read(path), content, `what was read of ${path}`)),
    )
    for (const [path, content] of files) await expectContent(place.access, path, content)
  },
}

const attributes: Case = {
  title: 'says with which time and mode a file is stored, and keeps what it declares to keep',
  async run({ definition, openSettled }) {
    const { mtime: keepsTimes, mode: keepsModes } = definition.manifest.capabilities
    const service = await openSettled()
    const mtime = 1_500_000_000_000
    const stored = await service.write('file', bytes(10), { mtime, mode: 0o604 })
    if (keepsTimes) expect(stored.mtime ?? mtime).toBe(mtime)
    if (keepsModes) expect(stored.mode ?? 0o604).toBe(0o604)
    const again = await service.setAttributes('file', { mtime: mtime + 86_400_000, mode: 0o640 })
    if (keepsTimes) expect(again.mtime ?? mtime + 86_400_000).toBe(mtime + 86_400_000)
    if (keepsModes) expect(again.mode ?? 0o640).toBe(0o640)
    expect((await service.read('file')).byteLength).toBe(10)
  },
}

const quiet: Case = {
  title: 'does not take its own writes for changes of somebody else',
  async run({ openSettled }) {
    const service = await openSettled()
    const content = bytes(service.chunkSize + 1)
    await service.write('small', bytes(10))
    await service.write('large', content)
    await service.write('small', bytes(11))
    await service.catchUp()
    expect(service.plug.changes).toEqual([])
    expect(service.known('large').hash).toBe(contentHash(content))
  },
}

export const contents: CaseGroup = {
  title: 'contents',
  cases: ({ manifest: { capabilities } }) => [
    sizes,
    chunked,
    ...when(capabilities.rangedRead, [ranges]),
    many,
    ...when(capabilities.mtime || capabilities.mode, [attributes]),
    quiet,
  ],
}
