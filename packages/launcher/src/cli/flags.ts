import { resolve } from 'node:path'
import type { Command } from 'commander'
import { defaultConfigDirectory, defaultSetupFile } from '../session/config-directory.ts'
import type { FindSessionOptions } from '../session/find-session.ts'

export interface SetupFlags {
  readonly setup?: string
  readonly configDir?: string
}

export interface SessionFlags extends SetupFlags {
  readonly session?: string
}

export function withSetup(command: Command): Command {
  return command
    .option('--setup <file>', 'setup file, YAML or JSON (default: setup.yml in the configuration directory)')
    .option(
      '--config-dir <directory>',
      `where sessions keep their database and logs (default: ${defaultConfigDirectory()})`,
    )
}

export function withSession(command: Command): Command {
  return withSetup(command).option(
    '--session <name>',
    'name of the session (default: that of the setup file, or the only one running)',
  )
}

export function configDirectory({ configDir }: SetupFlags): string {
  return configDir === undefined ? defaultConfigDirectory() : resolve(configDir)
}

export function setupFile(flags: SetupFlags): string {
  return flags.setup ?? defaultSetupFile(configDirectory(flags))
}

export function sessionOptions(flags: SessionFlags): FindSessionOptions {
  return { configDirectory: configDirectory(flags), session: flags.session, setup: flags.setup }
}
