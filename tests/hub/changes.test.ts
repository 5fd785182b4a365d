import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { snapshotTree } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

const LARGE = 3 * 1024 * 1024 + 7

interface Roots {
  readonly docs: string
  readonly other: string
}

interface Change {
  readonly title: string
  readonly change: (roots: Roots) => void
}

/** In this order: each starts from what the ones before it left. */
const changes: readonly Change[] = [
  {
    title: 'files that are made',
    change: ({ docs }) => {
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) writeFileSync(`${docs}/${name}`, `content of ${name}`)
    },
  },
  { title: 'a file that is changed', change: ({ docs }) => writeFileSync(`${docs}/a`, 'CONTENT of a') },
  {
    title: 'a file that grows over several chunks',
    change: ({ docs }) => appendFileSync(`${docs}/b`, Buffer.alloc(LARGE, 'x')),
  },
  { title: 'a file that shrinks', change: ({ docs }) => truncateSync(`${docs}/b`, 3) },
  { title: 'a file that is emptied', change: ({ docs }) => truncateSync(`${docs}/a`, 0) },
  { title: 'a file that is renamed', change: ({ docs }) => renameSync(`${docs}/c`, `${docs}/c renamed`) },
  {
    title: 'a file that is moved to another directory',
    change: ({ docs }) => {
      mkdirSync(`${docs}/sub/deep`, { recursive: true })
      renameSync(`${docs}/d`, `${docs}/sub/deep/d`)
    },
  },
  {
    title: 'a file that is moved to another folder',
    change: ({ docs, other }) => renameSync(`${docs}/e`, `${other}/e`),
  },
  {
    title: 'a file that replaces another by a rename',
    change: ({ docs }) => {
      writeFileSync(`${docs}/f.new`, 'new content of f')
      renameSync(`${docs}/f.new`, `${docs}/f`)
    },
  },
  { title: 'a directory that is empty', change: ({ docs }) => mkdirSync(`${docs}/empty/inside`, { recursive: true }) },
  { title: 'a directory that is renamed', change: ({ docs }) => renameSync(`${docs}/sub`, `${docs}/sub renamed`) },
  { title: 'permission bits', change: ({ docs }) => chmodSync(`${docs}/f`, 0o755) },
  { title: 'a time in the past', change: ({ docs }) => utimesSync(`${docs}/f`, 1_000_000_000.25, 1_000_000_000.25) },
  { title: 'a file that is deleted', change: ({ docs }) => unlinkSync(`${docs}/b`) },
  { title: 'a directory that is deleted', change: ({ docs }) => rmdirSync(`${docs}/empty/inside`) },
  {
    title: 'a file that becomes a directory',
    change: ({ docs }) => {
      unlinkSync(`${docs}/f`)
      mkdirSync(`${docs}/f`)
      writeFileSync(`${docs}/f/inside`, 'inside')
    },
  },
  {
    title: 'a directory that becomes a file',
    change: ({ docs }) => {
      unlinkSync(`${docs}/f/inside`)
      rmdirSync(`${docs}/f`)
      writeFileSync(`${docs}/f`, 'a file again')
    },
  },
  {
    title: 'names that are unusual',
    change: ({ docs }) => {
      for (const name of ['new\nline', '🐙 emoji', 'trailing dot.', ' spaces ', 'x'.repeat(255), 'é composed', '-rf']) {
        writeFileSync(`${docs}/${name}`, name)
      }
    },
  },
]

describe.each(['left', 'right'] as const)('changes on %s reach two other real folders', (name) => {
  const hub = sharedHub(threeFolders({ folders: ['docs', 'other'] }))

  test.each(changes)('$title', async ({ change }) => {
    const { launcher, services } = hub()
    const docs = services[name].folderPath('docs')
    change({ docs, other: services[name].folderPath('other') })
    const made = await snapshotTree(docs)
    await launcher.settle()
    const all = [services.left, services.right, services.third]
    expect(await expectEqualTrees(all, 'docs')).toEqual(await snapshotTree(docs))
    expect(await snapshotTree(docs), 'the service where it was made').toEqual(made)
    await expectEqualTrees(all, 'other')
  })
})
