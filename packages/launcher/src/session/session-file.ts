import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import * as v from 'valibot'
import { processStart } from './process-identity.ts'

/** `session.json`: who runs a session, and where its sockets are. */
export const sessionFileSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** See `processStart`. */
  started: v.string(),
  /** The directory of the sockets. */
  runtime: v.string(),
  /** The setup file, absolute. */
  setup: v.string(),
})
export type SessionFile = v.InferOutput<typeof sessionFileSchema>

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
    const result = v.safeParse(sessionFileSchema, JSON.parse(text))
    return result.success ? result.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether the launcher that wrote it is still there. */
export function isAlive(session: SessionFile): boolean {
  return processStart(session.pid) === session.started
}
