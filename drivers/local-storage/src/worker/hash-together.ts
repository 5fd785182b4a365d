import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HashHelper } from './hash-helper.ts'
import { hashBlock, type SharedBlocks, takeAllBlocks, takeBlock, unhashedBlocks } from './shared-blocks.ts'

/** Blocks that are hashed in one go, before others get their turn: some ms. */
const AT_ONCE = 4

/** The digests of the blocks. Whatever happens, the helper does not read any more when this ends. */
export async function hashTogether(
  blocks: SharedBlocks,
  buffer: Uint8Array,
  wanted: () => boolean,
  helper: HashHelper,
): Promise<Uint8Array | 'changed'> {
  const helped = helper.help(blocks)
  try {
    for (let index = takeBlock(blocks); index !== undefined; index = takeBlock(blocks)) {
      if (!wanted() || !hashBlock(blocks, index, buffer)) return 'changed'
      if (index % AT_ONCE === 0) await nextTurn()
    }
  } finally {
    takeAllBlocks(blocks)
    await helped
  }
  for (const index of unhashedBlocks(blocks)) {
    if (!wanted() || !hashBlock(blocks, index, buffer)) return 'changed'
    await nextTurn()
  }
  return new Uint8Array(blocks.digests)
}
