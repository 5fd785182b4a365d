import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { OnituError } from '@onitu/protocol'
import { processStart } from './process-identity.ts'
import { createRuntimeDirectory, removeRuntimeDirectory } from './runtime-directory.ts'
import { acquireSession } from './session-lock.ts'

/** The files of a running session; they belong to this process until it closes. */
export interface SessionFiles {
  /** LevelDB. */
  readonly database: string
  readonly logs: string
  /** For what may be lost. */
  readonly scratch: string
  /** The sockets. */
  readonly runtime: string
  /** May be called twice. */
  close(): void
}

export interface OpenSessionOptions {
  readonly configDirectory: string
  readonly name: string
  /** Absolute. */
  readonly setupFile: string
}

/** @throws OnituError `SESSION_RUNNING` */
export function openSession({ configDirectory, name, setupFile }: OpenSessionOptions): SessionFiles {
  const directory = join(configDirectory, name)
  const started = processStart(process.pid)
  if (started === undefined)
    throw new OnituError('NO_PROCESS_TABLE', 'Cannot find this process in the process table (is /proc mounted?)')
  const runtime = createRuntimeDirectory()
  try {
    const lock = acquireSession(directory, { pid: process.pid, started, runtime, setup: setupFile })
    for (const predecessor of lock.predecessors) removeRuntimeDirectory(predecessor.runtime)
    const logs = join(directory, 'logs')
    mkdirSync(logs, { recursive: true, mode: 0o700 })
    const close = () => {
      removeRuntimeDirectory(runtime)
      lock.release()
    }
    return { database: join(directory, 'db'), logs, scratch: join(directory, 'scratch'), runtime, close }
  } catch (error) {
    removeRuntimeDirectory(runtime)
    throw error
  }
}
