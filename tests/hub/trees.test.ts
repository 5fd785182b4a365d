import { renameSync, rmSync } from 'node:fs'
import { snapshotTree } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { expectEqualTrees, makeTree } from '../support/trees.ts'

const FILES = 2_000

describe('trees on three real folders', () => {
  const hub = sharedHub(threeFolders())

  /** What `change` did on one service is afterwards on all of them, and there unchanged. */
  const carries = async (name: 'left' | 'right' | 'third', change: (root: string) => void) => {
    const { launcher, services } = hub()
    const root = services[name].folderPath('default')
    change(root)
    const made = await snapshotTree(root)
    await launcher.settle(60_000)
    expect(await snapshotTree(root), `${name} before and after`).toEqual(made)
    const tree = await expectEqualTrees([services.left, services.right, services.third])
    return Object.values(tree).filter((line) => line.startsWith('file')).length
  }

  test('2,000 files made at once in nested new folders arrive on both others', async () => {
    expect(await carries('left', (root) => makeTree(`${root}/one`, FILES, 1))).toBe(FILES)
  })

  test('files made at once on two services at the same time arrive everywhere', async () => {
    const { launcher, services } = hub()
    const { left, right, third } = services
    makeTree(`${right.folderPath('default')}/two`, FILES / 2, 2)
    makeTree(`${third.folderPath('default')}/three`, FILES / 2, 3)
    await launcher.settle(60_000)
    const tree = await expectEqualTrees([left, right, third])
    expect(Object.values(tree).filter((line) => line.startsWith('file'))).toHaveLength(FILES * 2)
  })

  test('a tree that is renamed is renamed everywhere without a transfer', async () => {
    const { launcher } = hub()
    const transfers: string[] = []
    launcher.onTransferStarted(({ path }) => transfers.push(path), {}, { unique: false })
    await carries('right', (root) => renameSync(`${root}/one`, `${root}/one renamed`))
    expect(transfers).toEqual([])
  })

  test('a tree that is deleted is deleted everywhere', async () => {
    await carries('third', (root) => rmSync(`${root}/two`, { recursive: true }))
  })
})
