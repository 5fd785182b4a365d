import { parentPort } from 'node:worker_threads'
import { HASH_BLOCK_SIZE } from '@onitu/protocol'
import { hashBlock, type SharedBlocks, takeBlock } from './worker/shared-blocks.ts'

/* The thread that hashes blocks of large files together with the one that reads them. It answers when there is nothing more to take. */

if (parentPort === null) throw new TypeError('This file is to be run as a worker thread')
const port = parentPort
const buffer = Buffer.allocUnsafeSlow(HASH_BLOCK_SIZE)

port.on('message', (blocks: SharedBlocks) => {
  help(blocks)
  port.postMessage('done')
})

function help(blocks: SharedBlocks): void {
  try {
    for (let index = takeBlock(blocks); index !== undefined; index = takeBlock(blocks))
      if (!hashBlock(blocks, index, buffer)) return
  } catch {
    // The block stays without a digest, so the other thread reads it again, and gets the error where it can be told.
  }
}
