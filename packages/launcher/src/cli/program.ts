import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { ServiceAction } from '../control/messages.ts'
import { exitStatus } from '../exit-status.ts'
import type { FileArgument } from '../history/locate-file.ts'
import { defaultConfigDirectory } from '../session/config-directory.ts'
import { type FoundSession, findSession } from '../session/find-session.ts'
import { realPath } from '../setup/folder-paths.ts'
import {
  configDirectory,
  type SessionFlags,
  type SetupFlags,
  sessionOptions,
  setupFile,
  withSession,
  withSetup,
} from './flags.ts'
import { addKeyCommands } from './key-commands.ts'
import { packageVersion } from './version.ts'

/** The command line of `onitu`. */
export function createProgram(): Command {
  const program = new Command('onitu')
    .description('Keeps files in sync between any number of services, under rules kept in one setup file.')
    .version(packageVersion())
    // `restore` has a --version of its own.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(see onitu --help)')
    .addHelpText('after', `\n${EXIT_HELP}`)
  addSetupCommands(program)
  addSessionCommands(program)
  addKeyCommands(program.command('keys').description('the keys by which services on other machines are known'))
  return program
}

const EXIT_HELP = `Exit status: ${exitStatus.ok} done, ${exitStatus.error} failed, ${exitStatus.usage} wrong command line, ${exitStatus.notRunning} session not running, ${exitStatus.timedOut} timed out.`

// What a command needs is loaded when it is run: `onitu wait` in a loop should not load what a whole session needs, nor a session what asks it.
function addSetupCommands(program: Command): void {
  withSetup(program.command('start', { isDefault: true }))
    .description('run a session in the foreground, until Ctrl-C or SIGTERM')
    .allowExcessArguments(true)
    .option('--debug', 'also show and log what is only of interest when something goes wrong')
    .action(async (flags: SetupFlags & { readonly debug?: boolean }, command: Command) => {
      // The default command gets what is no command at all, and would complain about too many arguments.
      const [unknown] = command.args
      if (unknown !== undefined) command.error(`error: unknown command '${unknown}'`)
      const { start } = await import('./start.ts')
      await start({
        setupFile: setupFile(flags),
        configDirectory: configDirectory(flags),
        debug: flags.debug ?? false,
      })
    })
  addRemoteCommand(program)
  withSetup(program.command('check'))
    .description('validate a setup file, and name everything that is wrong with it')
    .action(async (flags: SetupFlags) => {
      const { check } = await import('./check.ts')
      await check(setupFile(flags))
    })
}

function addRemoteCommand(program: Command): void {
  program
    .command('remote')
    .description('be a service of a hub on another machine, until Ctrl-C or SIGTERM')
    .option('--setup <file>', 'setup of the client (default: client.yml in the configuration directory)')
    .option('--config-dir <directory>', `where client.yml is (default: ${defaultConfigDirectory()})`)
    .option('--check', 'only validate the setup')
    .option('--debug', 'also show what is only of interest when something goes wrong')
    .action(async (flags: SetupFlags & { readonly check?: boolean; readonly debug?: boolean }) => {
      const { remote } = await import('./remote.ts')
      await remote({
        setupFile: flags.setup ?? join(configDirectory(flags), 'client.yml'),
        check: flags.check ?? false,
        debug: flags.debug ?? false,
      })
    })
}

function addSessionCommands(program: Command): void {
  withSession(program.command('status'))
    .description('show the processes, services and conflicts of the running session')
    .option('--json', 'for programs')
    .action(async (flags: SessionFlags & { readonly json?: boolean }) => {
      const { status } = await import('./session-commands.ts')
      await status(await session(flags), flags.json ?? false)
    })
  withSession(program.command('wait'))
    .description('wait until everything that had changed before this call is in sync')
    .option('--timeout <seconds>', `give up after so many seconds, with status ${exitStatus.timedOut}`, parseSeconds)
    .action(async (flags: SessionFlags & { readonly timeout?: number }) => {
      const { wait } = await import('./session-commands.ts')
      await wait(await session(flags), flags.timeout)
    })
  addHistoryCommands(program)
  addConflictCommands(program)
  addHeldCommands(program)
  withSession(program.command('stop'))
    .description('stop the running session, and wait until it is gone')
    .action(async (flags: SessionFlags) => {
      const { stop } = await import('./session-commands.ts')
      await stop(await session(flags))
    })
  addServiceCommands(
    program.command('service').description('start, stop or restart one service of the running session'),
  )
}

interface FileFlags extends SessionFlags {
  readonly folder?: string
}

function addHistoryCommands(program: Command): void {
  withFolder(withSession(program.command('history <file>')))
    .description('list the versions of a file, and who still has their contents')
    .option('--json', 'for programs')
    .action(async (file: string, flags: FileFlags & { readonly json?: boolean }) => {
      const { history } = await import('./session-commands.ts')
      await history(await session(flags), fileArgument(file, flags), flags.json ?? false)
    })
  withFolder(withSession(program.command('restore <file>')))
    .description('bring back a former content of a file, on all services')
    .requiredOption('--version <number>', 'which one, as `onitu history` lists them', parseVersion)
    .action(async (file: string, flags: FileFlags & { readonly version: number }) => {
      const { restore } = await import('./session-commands.ts')
      await restore(await session(flags), fileArgument(file, flags), flags.version)
    })
}

function addConflictCommands(program: Command): void {
  withSession(program.command('conflicts'))
    .description('list the files that were changed in two places at once, with all their contents')
    .option('--json', 'for programs')
    .action(async (flags: SessionFlags & { readonly json?: boolean }) => {
      const { conflicts } = await import('./session-commands.ts')
      await conflicts(await session(flags), flags.json ?? false)
    })
  withFolder(withSession(program.command('resolve <file>')))
    .description('end a conflict; the file is named by its path or by that of a copy')
    .requiredOption(
      '--keep <service>',
      "the service whose content stays, at the path of the file; 'both' keeps all files",
    )
    .action(async (file: string, flags: FileFlags & { readonly keep: string }) => {
      const { resolve: resolveConflict } = await import('./session-commands.ts')
      await resolveConflict(await session(flags), fileArgument(file, flags), flags.keep)
    })
}

function addHeldCommands(program: Command): void {
  const verdicts = [
    ['approve', 'carry out deletions that are held since they are so many at once (of one service, or all)'],
    ['reject', 'bring back what was deleted, where the deletions are held (of one service, or all)'],
  ] as const
  for (const [type, description] of verdicts) {
    withSession(program.command(`${type} [service]`))
      .description(description)
      .option('--folder <name>', 'only those in this folder')
      .action(async (service: string | undefined, { folder, ...flags }: FileFlags) => {
        const { judgeHeld } = await import('./session-commands.ts')
        await judgeHeld(await session(flags), { type, service: service ?? null, folder: folder ?? null })
      })
  }
}

function addServiceCommands(services: Command): void {
  for (const action of ['start', 'stop', 'restart'] satisfies ServiceAction[]) {
    withSession(services.command(`${action} <name>`))
      .description(`${action} a service`)
      .action(async (name: string, flags: SessionFlags) => {
        const { service } = await import('./session-commands.ts')
        await service(await session(flags), action, name)
      })
  }
}

function withFolder(command: Command): Command {
  return command.option(
    '--folder <name>',
    'the folder that the file is in, and relative to (default: the one whose root it is in)',
  )
}

function fileArgument(file: string, { folder }: FileFlags): FileArgument {
  const absolute = resolve(file)
  return { file, absolute: [absolute, realPath(absolute)], folder: folder ?? null }
}

function session(flags: SessionFlags): Promise<FoundSession> {
  return findSession(sessionOptions(flags))
}

function parseVersion(text: string): number {
  const version = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(version) || version < 1)
    throw new InvalidArgumentError('expected the number of a version')
  return version
}

/** Gives ms. */
function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('expected a number of seconds')
  return seconds * 1000
}
