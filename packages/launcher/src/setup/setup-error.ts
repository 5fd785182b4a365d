import { OnituError } from '@onitu/protocol'
import { describePath, type LocatedProblem } from './problem.ts'

/** The setup file cannot be used. `problems` is empty when the file could not even be read. */
export class SetupError extends OnituError {
  readonly file: string
  readonly problems: readonly LocatedProblem[]

  constructor(file: string, problems: readonly LocatedProblem[], cause?: unknown) {
    const lines =
      problems.length === 0
        ? [`Error parsing '${file}': ${text(cause)}`]
        : problems.map((problem) => describe(file, problem))
    super('INVALID_SETUP', lines.join('\n'), cause === undefined ? {} : { cause })
    this.file = file
    this.problems = problems
  }
}

// One line each, all with the file's name, so that any line alone says everything (grep, log viewers).
function describe(file: string, problem: LocatedProblem): string {
  const place = problem.path.length === 0 ? '' : `${describePath(problem.path)}: `
  return `Error parsing '${file}': line ${problem.line}, column ${problem.column}: ${place}${problem.message}`
}

function text(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
