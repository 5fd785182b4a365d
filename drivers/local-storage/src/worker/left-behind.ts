import { stagedBy } from '@onitu/protocol'
import { codeOf } from '../failure.ts'
import { SMALL_PREFIX } from './small-writes.ts'

/** Nobody goes on with an upload after so many ms without a chunk. */
const ABANDONED = 24 * 60 * 60 * 1000
/** The same for what was staged here and not taken, should another process have the number of the one that has ended. */
const UNTAKEN = 60 * 60 * 1000

/** Whether a file of the temporary directory is of no use to anybody any more. `age`: ms since somebody has touched it. */
export function isLeftBehind(name: string, age: number): boolean {
  if (name.startsWith(SMALL_PREFIX)) return !name.startsWith(`${SMALL_PREFIX}${process.pid}-`)
  const writer = stagedBy(name)
  return writer === undefined ? age > ABANDONED : age > UNTAKEN || !isAlive(writer)
}

function isAlive(process_: number): boolean {
  try {
    return process.kill(process_, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
