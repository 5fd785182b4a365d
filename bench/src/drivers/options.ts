import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

export const remoteNames = ['sftp', 's3'] as const
export type RemoteName = (typeof remoteNames)[number]

export interface Options {
  readonly remotes: readonly RemoteName[]
  /** How often each tool does each thing. The median is reported. */
  readonly runs: number
  /** Files of 4 KiB. */
  readonly files: number
  /** MiB of the one large file: above 250, rclone downloads it in four streams. */
  readonly bigSize: number
  /** Loads that each tool brings before the one that is timed. */
  readonly before: number
  /** ms that each way to the server takes longer. */
  readonly distance: number
  /** Only tasks whose names contain this. */
  readonly only: string
  /** Where to work: a new folder in it, removed at the end. */
  readonly folder: string
  /** Put the table into drivers.md. */
  readonly write: boolean
}

export const help = `Measures Onitu with the drivers for SFTP and S3 beside rclone sync, on the same servers.

  pnpm --filter @onitu/bench drivers [options]

  --remote NAME        ${remoteNames.join(' or ')}; may be repeated; default: both
  --runs N             times that each tool does each thing; default 3
  --files N            files of 4 KiB; default 1000
  --big-size MIB       size of the one large file; default 256
  --before N           loads that each tool has brought before the one that is timed; default 2
  --distance MS        each way to the server takes so many ms longer; default 0
  --only TEXT          only the tasks whose names contain it: up, down, files, file
  --folder DIR         where to work; default: the system's temporary folder
  --write              put the table into bench/drivers.md
`

/** @throws TypeError that names the option */
export function parseOptions(arguments_: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: arguments_.filter((argument) => argument !== '--'),
    options: {
      remote: { type: 'string', multiple: true },
      runs: { type: 'string', default: '3' },
      files: { type: 'string', default: '1000' },
      'big-size': { type: 'string', default: '256' },
      before: { type: 'string', default: '2' },
      distance: { type: 'string', default: '0' },
      only: { type: 'string', default: '' },
      folder: { type: 'string', default: tmpdir() },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    remotes: values.remote === undefined ? remoteNames : values.remote.map(remoteName),
    runs: count('--runs', values.runs),
    files: count('--files', values.files),
    bigSize: count('--big-size', values['big-size']),
    before: count('--before', values.before),
    distance: count('--distance', values.distance, 0),
    only: values.only,
    folder: values.folder,
    write: values.write,
  }
}

function remoteName(given: string): RemoteName {
  const name = remoteNames.find((one) => one === given)
  if (name === undefined) throw new TypeError(`--remote: expected one of ${remoteNames.join(', ')}, got ${given}`)
  return name
}

function count(option: string, given: string, least = 1): number {
  const value = Number(given)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`${option}: expected a number from ${least}, got ${given}`)
}
