import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { systemCode } from '@onitu/protocol/base'

const SETUP_NAMES = ['setup.yml', 'setup.yaml', 'setup.json']

/** `onitu` in the XDG configuration directory. */
export function defaultConfigDirectory(environment: NodeJS.ProcessEnv = process.env, home = homedir()): string {
  const base = environment.XDG_CONFIG_HOME
  return join(base !== undefined && isAbsolute(base) ? base : join(home, '.config'), 'onitu')
}

/** The setup in a configuration directory; `setup.yml`, also when there is none yet, so that messages name it. */
export function defaultSetupFile(configDirectory: string): string {
  const name = SETUP_NAMES.find((candidate) => existsSync(join(configDirectory, candidate))) ?? 'setup.yml'
  return join(configDirectory, name)
}

/** The names of the directories in it, which are those of the sessions that were ever started. */
export function sessionNames(configDirectory: string): string[] {
  try {
    return readdirSync(configDirectory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    )
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
