import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Files that are made to see what one costs. */
const TRIED = 100
/** ms for one of them, above which the file system is at something else: 0.01 to 0.05 are usual. */
const DEAR = 0.15
/** ms */
const PAUSE = 10_000
/** More than ext4 remembers what was removed. */
const LONGEST = 400_000

/**
 * Until a new file costs what it costs usually. ext4 gives the inode of a removed file to no other one for up to 5 minutes, and passes over each of them whenever it
 * looks for one: after some ten thousand files were removed (by a run before this one, say) each new one takes up to 0.8 ms of the kernel's time, which is most of what
 * a small file costs any tool, and less from minute to minute. What the bench makes of many files it therefore removes only at its end.
 */
export async function awaitCheapFiles(folder: string): Promise<void> {
  const started = performance.now()
  for (let turn = 0; ; turn++) {
    const cost = costOfFile(join(folder, `tried-${turn}`))
    if (cost < DEAR) return
    const waited = performance.now() - started
    if (turn === 0 || waited > LONGEST)
      console.error(`A new file costs ${cost.toFixed(2)} ms here, many files were removed lately`)
    if (waited > LONGEST) return
    await setTimeout(PAUSE)
  }
}

function costOfFile(folder: string): number {
  mkdirSync(folder)
  const started = performance.now()
  for (let at = 0; at < TRIED; at++) closeSync(openSync(join(folder, String(at)), 'wx'))
  return (performance.now() - started) / TRIED
}
