import { setTimeout as sleep } from 'node:timers/promises'
import { OnituError, systemCode } from '@onitu/protocol'
import type { ClassicLevel } from 'classic-level'
import type { Key } from '../wire/key.ts'

/** Keys and values are bytes; a text as a key stands for its UTF-8 bytes. */
export type Level = ClassicLevel<Key, Uint8Array>
export type LevelSnapshot = ReturnType<Level['snapshot']>

export interface OpenLevelOptions {
  readonly createIfMissing: boolean
  /** How long to wait for another process that still holds the database, in ms. */
  readonly patience: number
  readonly maxOpenFiles: number
}

const LOCK_RETRY = 50
// LevelDB reports some of its damaged files as failed input or output.
const DAMAGE = /corrupt|missing files|no such file|CURRENT|MANIFEST|sstable/i

/**
 * Opens a LevelDB directory. A predecessor that is just ending may still hold it, so that is waited for.
 * @throws OnituError `DATABASE_LOCKED` (retryable), `DATABASE_CORRUPTED`, `DATABASE_NOT_OPEN`
 */
export async function openLevel(directory: string, options: OpenLevelOptions): Promise<Level> {
  const { createIfMissing, patience, maxOpenFiles } = options
  const until = performance.now() + patience
  // Here, since clients are in the same package: LevelDB, and the thirty files around it, take a sixth of the time in which they start.
  const { ClassicLevel } = await import('classic-level')
  for (;;) {
    const level: Level = new ClassicLevel(directory, { keyEncoding: 'view', valueEncoding: 'view' })
    try {
      await level.open({ createIfMissing, maxOpenFiles })
      return level
    } catch (error) {
      await level.close()
      const problem = describe(directory, error)
      if (problem.code !== 'DATABASE_LOCKED' || performance.now() > until) throw problem
    }
    await sleep(LOCK_RETRY)
  }
}

function describe(directory: string, error: unknown): OnituError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const text = cause instanceof Error ? cause.message : String(cause)
  if (systemCode(cause) === 'LEVEL_LOCKED') {
    return new OnituError('DATABASE_LOCKED', `Another process holds the database ${directory}; stop it first`, {
      cause,
      retryable: true,
    })
  }
  if (systemCode(cause) === 'LEVEL_CORRUPTION' || DAMAGE.test(text)) {
    return new OnituError(
      'DATABASE_CORRUPTED',
      `The database ${directory} is damaged (${text}). Make a copy of it, then try ClassicLevel.repair on it, or restore it`,
      { cause },
    )
  }
  return new OnituError('DATABASE_NOT_OPEN', `The database ${directory} cannot be opened: ${text}`, { cause })
}
