/** How a failure crosses from the worker to the main thread: the class of error that the Plug is to see, as plain data. */
export type FailureKind = 'driver' | 'service' | 'changed' | 'conflict'

export interface PlainFailure {
  readonly kind: FailureKind
  readonly code: string
  readonly message: string
}

/** Thrown in the worker, rebuilt as an error of @onitu/plug in the main thread. The worker does not load @onitu/plug: it brings sockets along. */
export class Failure extends Error implements PlainFailure {
  readonly kind: FailureKind
  readonly code: string

  constructor(kind: FailureKind, code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Failure'
    this.kind = kind
    this.code = code
  }
}

/** Trying again cannot help: the name itself is what the file system refuses. */
const PERMANENT = new Set(['ENAMETOOLONG', 'EINVAL', 'EILSEQ'])

/** `doing`: what was tried with which file, as in `Writing "docs/a.txt"`. */
export function systemFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error) ?? 'INTERNAL'
  const reason = error instanceof Error ? error.message.replace(/, \w+ '.*$/s, '') : String(error)
  return new Failure(PERMANENT.has(code) ? 'driver' : 'service', code, `${doing} failed: ${reason}`, error)
}

export function plainFailure(error: unknown): PlainFailure {
  const { kind, code, message } = error instanceof Failure ? error : systemFailure(error, 'The file system work')
  return { kind, code, message }
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** True where the error says that nothing is at the path. */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
