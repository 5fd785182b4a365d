import { parseSize } from '@onitu/protocol'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { BatchFlags } from './batch.ts'
import type { DelFlags } from './del.ts'
import { exitStatus } from './exit-status.ts'
import type { GetFlags } from './get.ts'
import type { PutFlags } from './put.ts'
import type { RangeFlags } from './range.ts'
import type { ServeFlags } from './serve.ts'
import type { StatsFlags } from './stats.ts'
import { packageVersion } from './version.ts'

const HELP = `Values are JSON; bytes in them are written {"$bytes": "base64"}.
Exit status: ${exitStatus.ok} done, ${exitStatus.error} the key is missing or something failed, ${exitStatus.usage} wrong command line or input.`

const DEFAULT_TIMEOUT = 10_000

/** The command line of `escalator`. */
export function createProgram(): Command {
  const program = new Command('escalator')
    .description('Shares LevelDB databases between processes.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(see escalator --help)')
    .addHelpText('after', `\n${HELP}`)
  addServer(program)
  addReads(program)
  addWrites(program)
  addStats(program)
  return program
}

// Each command is loaded when it is run, so that a small one starts quickly.
function addServer(program: Command): void {
  program
    .command('serve')
    .description('serve the databases of a directory in the foreground, until Ctrl-C or SIGTERM')
    .requiredOption('--dir <directory>', 'where the databases are, one directory each; made if missing')
    .option(
      '--bind <addresses...>',
      'where to listen: ipc://PATH, tcp://HOST:PORT (default: a socket in the directory)',
    )
    .option('--key <file>', 'secret key of the server, for tcp; anywhere but on loopback it is needed')
    .option('--allow <file>', 'list of the public keys that may connect; read again when it changes')
    .option('--max-request <size>', 'refuse larger requests: 64Mi (default, and the most), 500k…', parseBytes)
    .option('--max-key <size>', 'refuse to write longer keys (default: 1Mi)', parseBytes)
    .option('--max-value <size>', 'refuse to write larger values (default: 48Mi)', parseBytes)
    .option('--watch-log <size>', 'changes that each database remembers for watches (default: 16Mi)', parseBytes)
    .option('--max-open-files <count>', 'files of a database kept open and mapped (default: 1000)', parseCount)
    .action(async (flags: ServeFlags) => (await import('./serve.ts')).serve(flags))
  const keys = program.command('keys').description('make and show the keys for tcp')
  keys
    .command('generate <file>')
    .description('make a key pair: FILE holds the secret key, FILE.pub the public one')
    .action(async (file: string) => (await import('./keys.ts')).generateKeys(file))
  keys
    .command('show <file>')
    .description('show the public key that belongs to a secret key')
    .action(async (file: string) => (await import('./keys.ts')).showKey(file))
}

function addReads(program: Command): void {
  withClient(program.command('get <key>'))
    .description('show the value of a key')
    .option('--raw', 'write the stored bytes as they are')
    .action(async (key: string, flags: GetFlags) => (await import('./get.ts')).get(key, flags))
  withClient(program.command('range'))
    .description('show the entries between two keys, or all of them, one per line')
    .option('--start <key>', 'begin at this key')
    .option('--stop <key>', 'end before this key')
    .option('--exclude-start', 'without the start key itself')
    .option('--include-stop', 'with the stop key itself')
    .option('--reverse', 'from the last to the first')
    .option('--limit <count>', 'at most so many', parseCount)
    .addOption(new Option('--keys', 'only the keys').conflicts('values'))
    .option('--values', 'only the values')
    .option('--json', 'lines of JSON, as `escalator batch` takes them')
    .option('--raw', 'the stored bytes of values, as {"$bytes": "base64"}')
    .action(async (flags: RangeFlags) => (await import('./range.ts')).range(flags))
}

function addStats(program: Command): void {
  withClient(program.command('stats'))
    .description('show what the server does and has done')
    .option('--json', 'for programs')
    .action(async (flags: StatsFlags) => (await import('./stats.ts')).stats(flags))
}

function addWrites(program: Command): void {
  withWrite(program.command('put <key> [value]'))
    .description('set a key to a value, or to what comes from stdin')
    .option('--raw', 'store the bytes as they are, instead of JSON as msgpack')
    .action(async (key: string, value: string | undefined, flags: PutFlags) =>
      (await import('./put.ts')).put(key, value, flags),
    )
  withWrite(program.command('del <keys...>'))
    .description('delete keys, all or none; absent ones are no error')
    .action(async (keys: string[], flags: DelFlags) => (await import('./del.ts')).del(keys, flags))
  withWrite(program.command('batch'))
    .description('write what stdin says, all or nothing')
    .option('--chunk <count>', 'write after so many lines, instead of all at once', parseCount)
    .option('--raw', 'values are bytes, as `range --raw` shows them')
    .option('--json', 'say how much was written as JSON')
    .addHelpText('after', BATCH_HELP)
    .action(async (flags: BatchFlags) => (await import('./batch.ts')).batch(flags))
}

const BATCH_HELP = `
Lines of JSON:
  {"key": "a", "value": 1}
  {"type": "del", "key": "b"}
  {"type": "check", "key": "c", "equals": 1}    nothing is written unless all checks hold
  {"type": "check", "key": "d", "absent": true}`

function withWrite(command: Command): Command {
  return withClient(command).option('--sync', 'wait until it is on disk (survives a power cut)')
}

function withClient(command: Command): Command {
  return command
    .addOption(
      new Option('--address <address>', 'of the server, as `escalator serve` shows it').env('ESCALATOR_ADDRESS'),
    )
    .option('--database <name>', 'which database', 'default')
    .option('--prefix <prefix>', 'only the part of the database under this prefix', '')
    .option('--key <file>', 'secret key of this client, for tcp (or ESCALATOR_SECRET_KEY, the key itself)')
    .option('--server-key <file>', 'public key of the server, for tcp (or ESCALATOR_SERVER_KEY, the key itself)')
    .addOption(
      new Option('--timeout <seconds>', 'wait so long for an answer')
        .argParser(parseSeconds)
        .default(DEFAULT_TIMEOUT, '10'),
    )
}

function parseCount(text: string): number {
  const count = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('expected a whole number from 1')
  return count
}

function parseBytes(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined || bytes < 1) throw new InvalidArgumentError('expected a size, such as 512k or 16Mi')
  return bytes
}

/** Gives ms. */
function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0)
    throw new InvalidArgumentError('expected a number of seconds')
  return seconds * 1000
}
