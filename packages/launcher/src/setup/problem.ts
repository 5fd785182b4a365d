/** Where in the setup something is: keys and indices from the top. */
export type SetupPath = readonly (string | number)[]

/** Something wrong in a setup, before it is known where it stands in the file. */
export interface Problem {
  readonly path: SetupPath
  readonly message: string
  /** Whether the key or its value is to blame. Default `value`. */
  readonly at?: 'key' | 'value'
}

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type LocatedProblem = Problem & Position

/** `services.left.folders.docs`, `rules[0].sync`. */
export function describePath(path: SetupPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

/** In the order of the file; what stands at one place keeps its order. */
export function inFileOrder(problems: readonly LocatedProblem[]): LocatedProblem[] {
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column)
}
