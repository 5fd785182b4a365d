import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

const caseNames = ['many', 'big', 'latency', 'restart'] as const
export type CaseName = (typeof caseNames)[number]

export interface Options {
  readonly cases: readonly CaseName[]
  /** How often each tool does each thing. The median is reported. */
  readonly runs: number
  /** Files of 4 KiB in the case `many`. */
  readonly files: number
  /** MiB of the one file in the case `big`. */
  readonly bigSize: number
  /** Files changed one after the other in the case `latency`. */
  readonly changes: number
  /** Files in the case `restart`. */
  readonly restartFiles: number
  /** Where the work is done: a new folder in it, removed at the end. */
  readonly folder: string
  /** Put the tables into README.md. */
  readonly write: boolean
}

export const help = `Measures Onitu beside cp, rsync and (if installed) unison.

  pnpm bench [options]

  --case NAME          many, big, latency or restart; may be repeated; default: all
  --runs N             times that each tool does each thing; default 3
  --files N            files of 4 KiB (many); default 10000
  --big-size MIB       size of the one file (big); default 1024
  --changes N          changes, one after the other (latency); default 50
  --restart-files N    files with nothing to do (restart); default 100000
  --folder DIR         where to work; default: the system's temporary folder
  --write              put the tables into bench/README.md
`

/** @throws TypeError that names the option */
export function parseOptions(arguments_: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: arguments_.filter((argument) => argument !== '--'),
    options: {
      case: { type: 'string', multiple: true },
      runs: { type: 'string', default: '3' },
      files: { type: 'string', default: '10000' },
      'big-size': { type: 'string', default: '1024' },
      changes: { type: 'string', default: '50' },
      'restart-files': { type: 'string', default: '100000' },
      folder: { type: 'string', default: tmpdir() },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    cases: values.case === undefined ? caseNames : values.case.map(caseName),
    runs: count('--runs', values.runs),
    files: count('--files', values.files),
    bigSize: count('--big-size', values['big-size']),
    changes: count('--changes', values.changes),
    restartFiles: count('--restart-files', values['restart-files']),
    folder: values.folder,
    write: values.write,
  }
}

function caseName(given: string): CaseName {
  const name = caseNames.find((candidate) => candidate === given)
  if (name === undefined) throw new TypeError(`--case: expected one of ${caseNames.join(', ')}, got ${given}`)
  return name
}

function count(option: string, given: string): number {
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`${option}: expected a number from 1, got ${given}`)
  return value
}
