import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '@onitu/protocol/base'
import { processStart } from './process-identity.ts'

/** `session.json`: who runs a session, and where its sockets are. */
export interface SessionFile {
  readonly pid: number
  /** See `processStart`. */
  readonly started: string
  /** The directory of the sockets. */
  readonly runtime: string
  /** The setup file, absolute. */
  readonly setup: string
}

export function sessionFilePath(sessionDirectory: string): string {
  return join(sessionDirectory, 'session.json')
}

/** Undefined when there is no such file, or it is none of ours (a full disk may leave an empty one). */
export function readSessionFile(path: string): SessionFile | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
  return parseSessionFile(text)
}

function parseSessionFile(text: string): SessionFile | undefined {
  try {
    return sessionFileOf(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** By hand: every command reads this file, and to load what checks records would take a tenth of its time. */
function sessionFileOf(value: unknown): SessionFile | undefined {
  const { pid, started, runtime, setup } = Object(value) as Readonly<Record<string, unknown>>
  const isPid = typeof pid === 'number' && Number.isInteger(pid) && pid >= 1
  const areTexts = typeof started === 'string' && typeof runtime === 'string' && typeof setup === 'string'
  return isPid && areTexts ? { pid, started, runtime, setup } : undefined
}

/** Whether the launcher that wrote it is still there. */
export function isAlive(session: SessionFile): boolean {
  return processStart(session.pid) === session.started
}
