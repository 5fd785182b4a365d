import { existsSync } from 'node:fs'
import { nameProblem, OnituError } from '@onitu/protocol'
import { readSessionName } from '../setup/read-setup.ts'
import { defaultSetupFile } from './config-directory.ts'
import { type FindSessionOptions, findSession } from './find-session.ts'

/**
 * The session that a command is about, which need not run: by name, else that of the setup file, else the only one running.
 * @throws OnituError `INVALID_NAME`, `NOT_RUNNING`, `AMBIGUOUS_SESSION`; SetupError
 */
export async function sessionName(options: FindSessionOptions): Promise<string> {
  const { configDirectory, session, setup = defaultSetupFile(configDirectory) } = options
  if (session === undefined && (options.setup !== undefined || existsSync(setup))) return readSessionName(setup)
  if (session === undefined) return (await findSession(options)).name
  const problem = nameProblem(session)
  if (problem === undefined) return session
  throw new OnituError('INVALID_NAME', `The session name ${JSON.stringify(session)} ${problem}`)
}
