import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nameProblem, OnituError } from '@onitu/protocol/base'
import { defaultSetupFile, sessionNames } from './config-directory.ts'
import { isAlive, readSessionFile, type SessionFile, sessionFilePath } from './session-file.ts'

export interface FindSessionOptions {
  readonly configDirectory: string
  readonly session?: string | undefined
  readonly setup?: string | undefined
}

export interface FoundSession extends SessionFile {
  readonly name: string
}

/**
 * The running session that a command is about: by name, else that of the setup file (whatever is in it by now), else the only one running.
 * @throws OnituError `NOT_RUNNING`, `AMBIGUOUS_SESSION`; SetupError when the setup that was named cannot be read
 */
export async function findSession({ configDirectory, session, setup }: FindSessionOptions): Promise<FoundSession> {
  const file = session === undefined ? setupOf(configDirectory, setup) : undefined
  const started = file === undefined ? undefined : sessionOf(configDirectory, resolve(file))
  if (started !== undefined) return started
  const name = session ?? (file === undefined ? undefined : await nameIn(file))
  if (name === undefined) return onlySession(configDirectory)
  const found = nameProblem(name) === undefined ? runningSession(configDirectory, name) : undefined
  if (found === undefined)
    throw notRunning(`The session ${JSON.stringify(name)} is not running (looked in ${configDirectory})`)
  return found
}

function setupOf(configDirectory: string, setup: string | undefined): string | undefined {
  if (setup !== undefined) return setup
  const file = defaultSetupFile(configDirectory)
  return existsSync(file) ? file : undefined
}

/** The one session that was started from a setup file. It is not read for that, which would take longer than all else of a command. */
function sessionOf(configDirectory: string, setup: string): FoundSession | undefined {
  const [only, ...others] = runningSessions(configDirectory).filter((session) => session.setup === setup)
  return others.length === 0 ? only : undefined
}

async function nameIn(setup: string): Promise<string> {
  const { readSessionName } = await import('../setup/read-setup.ts')
  return readSessionName(setup)
}

function runningSessions(configDirectory: string): FoundSession[] {
  return sessionNames(configDirectory).flatMap((name) => runningSession(configDirectory, name) ?? [])
}

function onlySession(configDirectory: string): FoundSession {
  const running = runningSessions(configDirectory)
  const [only, ...others] = running
  if (only === undefined) throw notRunning(`No session is running (looked in ${configDirectory})`)
  if (others.length === 0) return only
  const names = running.map(({ name }) => name).join(', ')
  throw new OnituError(
    'AMBIGUOUS_SESSION',
    `Several sessions are running in ${configDirectory}: ${names}; choose one with --session NAME`,
  )
}

function runningSession(configDirectory: string, name: string): FoundSession | undefined {
  const file = readSessionFile(sessionFilePath(join(configDirectory, name)))
  return file !== undefined && isAlive(file) ? { name, ...file } : undefined
}

function notRunning(message: string): OnituError {
  return new OnituError('NOT_RUNNING', `${message}; start it with \`onitu start\``)
}
