import { succeed } from '../execute.ts'

/** Bytes: more than a load takes on both sides together. */
const MEMORY = 1536 * 1024 * 1024

/**
 * The same state for whichever tool comes next: nothing is left to be written to the disk, and as much memory as it may need has been in use a moment ago. A
 * virtual machine that takes a page which its host has not given it yet, or has taken back, waits 4 µs for it: more than all else that is done for the page,
 * and nothing that a tool can help.
 */
export async function settleMachine(): Promise<void> {
  await succeed('sync', [])
  await succeed(process.execPath, ['--eval', `Buffer.alloc(${MEMORY}, 1)`])
}
