import { type Command, InvalidArgumentError, Option } from 'commander'
import { configDirectory, type SessionFlags, type SetupFlags, sessionOptions, withSession } from './flags.ts'

interface AuthorizeFlags extends SessionFlags {
  readonly service: string
  readonly name?: string
  readonly folders?: readonly string[]
  readonly mode: 'r' | 'w' | 'rw'
}

/** `onitu keys …`. No key is ever an argument: those can be seen by everyone on the machine, and stay in the history of shells. */
export function addKeyCommands(keys: Command): void {
  keys
    .command('generate [name]')
    .description('make the key pair of a client (default name: that of this machine)')
    .option('--config-dir <directory>', 'where to put it, in keys/ (default: the configuration directory)')
    .action(async (name: string | undefined, flags: SetupFlags) => {
      const { generateKeys } = await import('./keys/generate.ts')
      await generateKeys(configDirectory(flags), name)
    })
  withSession(keys.command('show'))
    .description("print the hub's public key, which clients have to know")
    .action(async (flags: SessionFlags) => {
      const { showServerKey } = await import('./keys/show.ts')
      await showServerKey(sessionOptions(flags))
    })
  addAuthorize(keys)
  withSession(keys.command('list'))
    .description('list the keys that may connect, and those that were revoked')
    .option('--json', 'for programs')
    .action(async (flags: SessionFlags & { readonly json?: boolean }) => {
      const { listKeys } = await import('./keys/list.ts')
      await listKeys(sessionOptions(flags), flags.json ?? false)
    })
  withSession(keys.command('revoke <name>'))
    .description('take a key away, at once: its client is cut off, and its service ends')
    .action(async (name: string, flags: SessionFlags) => {
      const { revokeKey } = await import('./keys/revoke.ts')
      await revokeKey(sessionOptions(flags), name)
    })
}

function addAuthorize(keys: Command): void {
  withSession(keys.command('authorize <file>'))
    .description("let the client in whose public key is in a file ('-': stdin), as one service")
    .requiredOption('--service <name>', 'the service that the client becomes')
    .option('--name <name>', 'what to call the key (default: the name in the file, else that of the service)')
    .option('--folders <names>', 'the folders it may have, with commas between them (default: all)', parseNames)
    .addOption(
      new Option('--mode <mode>', 'r: it is only read, never written; w: it is only written, never read')
        .choices(['r', 'w', 'rw'])
        .default('rw'),
    )
    .action(async (file: string, { service, name, folders, mode, ...flags }: AuthorizeFlags) => {
      const { authorizeKey } = await import('./keys/authorize.ts')
      await authorizeKey(sessionOptions(flags), { file, service, name, folders: folders ?? 'all', mode })
    })
}

function parseNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('expected names of folders with commas between them')
  return names
}
