import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OnituError, systemCode } from '@onitu/protocol'
import { isAlive, readSessionFile, type SessionFile, sessionFilePath } from './session-file.ts'

export interface SessionLock {
  /** Those that were killed and left their files: what they had may be removed. */
  readonly predecessors: readonly SessionFile[]
  /** May be called twice. */
  release(): void
}

/**
 * Makes `session.json` the file of this process.
 *
 * It comes to be by link(2), complete and only if nothing is there. A file of a dead process is not removed (two starters
 * might each remove what the other one just made) but succeeded: whoever makes the file `session.json.after-PID-START`,
 * PID and START being those of the dead one, is its only successor, and may replace it. A successor that dies before
 * that is succeeded in the same way.
 *
 * @throws OnituError `SESSION_RUNNING`
 */
export function acquireSession(directory: string, self: SessionFile): SessionLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = sessionFilePath(directory)
  const own = `${path}.${self.pid}-${process.hrtime.bigint()}`
  writeFileSync(own, `${JSON.stringify(self, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    const predecessors = takePlace(directory, path, own)
    return { predecessors, release: () => release(path, self) }
  } finally {
    rmSync(own, { force: true })
  }
}

function takePlace(directory: string, path: string, own: string): SessionFile[] {
  for (;;) {
    if (linkIfAbsent(own, path)) return []
    const chain = succeed(directory, path, own)
    if (chain !== undefined) return chain
  }
}

/** Undefined when things changed meanwhile and have to be looked at again. */
function succeed(directory: string, path: string, own: string): SessionFile[] | undefined {
  const claims: string[] = []
  const dead: SessionFile[] = []
  let place = path
  for (;;) {
    const holder = readSessionFile(place)
    if (holder === undefined) return refuseUnreadable(place)
    if (isAlive(holder)) throw running(directory, holder)
    dead.push(holder)
    place = `${path}.after-${holder.pid}-${holder.started.replaceAll(/[^\w-]/g, '_')}`
    claims.push(place)
    if (linkIfAbsent(own, place)) break
  }
  // From here on nobody else may touch `path`, unless it was succeeded to the end between reading it and the claim.
  const current = readSessionFile(path)
  const unchanged =
    current !== undefined && dead.some((holder) => holder.pid === current.pid && holder.started === current.started)
  if (!unchanged) {
    rmSync(place, { force: true })
    return undefined
  }
  const replacement = `${own}.new`
  linkSync(own, replacement)
  renameSync(replacement, path)
  for (const claim of claims) rmSync(claim, { force: true })
  return dead
}

/** Gone meanwhile is fine. A file that says nothing was not made here: removing it could remove one that says something. */
function refuseUnreadable(place: string): undefined {
  if (!existsSync(place) || readSessionFile(place) !== undefined) return undefined
  throw new OnituError('SESSION_UNREADABLE', `${place} is not a session file; remove it if no onitu is running`)
}

function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function running(directory: string, holder: SessionFile): OnituError {
  return new OnituError(
    'SESSION_RUNNING',
    `This session is running already (pid ${holder.pid}, ${join(directory, 'session.json')}); stop it with \`onitu stop\`, or give another name to this setup`,
    { details: { pid: holder.pid } },
  )
}

function release(path: string, self: SessionFile): void {
  const current = readSessionFile(path)
  if (current?.pid === self.pid && current.started === self.started) rmSync(path, { force: true })
}
