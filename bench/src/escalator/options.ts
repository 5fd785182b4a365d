import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { type Candidate, candidates } from './store.ts'

export interface Options {
  /** How often each candidate does each task. The median is reported. */
  readonly runs: number
  /** How long a task takes, in ms. */
  readonly duration: number
  readonly candidates: readonly Candidate[]
  /** Only tasks whose names contain this. */
  readonly only: string
  /** Where to work: a new folder in it, removed at the end. */
  readonly folder: string
  /** Put the table into escalator.md. */
  readonly write: boolean
}

export const help = `Measures Escalator beside many-level 2, Redis and classic-level in-process.

  pnpm --filter @onitu/bench escalator [options]

  --runs N             times that each does each task; default 5
  --duration MS        how long a task takes; default 500
  --candidate NAME     ${candidates.join(', ')}; may be repeated; default: all
  --only TEXT          only the tasks whose names contain it
  --folder DIR         where to work; default: the system's temporary folder
  --write              put the table into bench/escalator.md
`

/** @throws TypeError that names the option */
export function parseOptions(arguments_: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: arguments_.filter((argument) => argument !== '--'),
    options: {
      runs: { type: 'string', default: '5' },
      duration: { type: 'string', default: '500' },
      candidate: { type: 'string', multiple: true },
      only: { type: 'string', default: '' },
      folder: { type: 'string', default: tmpdir() },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    runs: count('--runs', values.runs),
    duration: count('--duration', values.duration),
    candidates: values.candidate === undefined ? candidates : values.candidate.map(candidateName),
    only: values.only,
    folder: values.folder,
    write: values.write,
  }
}

function candidateName(given: string): Candidate {
  const name = candidates.find((candidate) => candidate === given)
  if (name === undefined) throw new TypeError(`--candidate: expected one of ${candidates.join(', ')}, got ${given}`)
  return name
}

function count(option: string, given: string): number {
  const value = Number(given)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new TypeError(`${option}: expected a number from 1, got ${given}`)
}
