import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nameProblem, OnituError } from '@onitu/protocol'
import { readSessionName } from '../setup/read-setup.ts'
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
 * The running session that a command is about: by name, else that of the setup file, else the only one running.
 * @throws OnituError `NOT_RUNNING`, `AMBIGUOUS_SESSION`; SetupError when the setup that was named cannot be read
 */
export async function findSession({ configDirectory, session, setup }: FindSessionOptions): Promise<FoundSession> {
  const name = session ?? (await nameOfSetup(configDirectory, setup))
  if (name === undefined) return onlySession(configDirectory)
  const found = nameProblem(name) === undefined ? runningSession(configDirectory, name) : undefined
  if (found === undefined)
    throw notRunning(`The session ${JSON.stringify(name)} is not running (looked in ${configDirectory})`)
  return found
}

async function nameOfSetup(configDirectory: string, setup: string | undefined): Promise<string | undefined> {
  if (setup !== undefined) return readSessionName(setup)
  const file = defaultSetupFile(configDirectory)
  return existsSync(file) ? readSessionName(file) : undefined
}

function onlySession(configDirectory: string): FoundSession {
  const running = sessionNames(configDirectory).flatMap((name) => runningSession(configDirectory, name) ?? [])
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
