import { relative, resolve } from 'node:path'
import { createDriver } from './create-driver.ts'

export interface Output {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

const USAGE = `Usage: npm create @onitu/driver NAME [DIRECTORY]

Writes a small complete driver for Onitu, with its tests. DIRECTORY is onitu-driver-NAME unless it is given.`

/** The command. Gives its exit status: 0, or 2 when it was used wrongly. */
export function run(parameters: readonly string[], { out, error }: Output): number {
  const [name, directory = `onitu-driver-${name}`, ...others] = parameters
  if (name === '--help' || name === '-h') {
    out(USAGE)
    return 0
  }
  if (name === undefined || others.length > 0) {
    error(USAGE)
    return 2
  }
  try {
    const paths = createDriver({ name, directory: resolve(directory) })
    const shown = relative(process.cwd(), resolve(directory)) || '.'
    out(`${paths.map((path) => `  ${path}`).join('\n')}\n\nIn ${shown} run: npm install && npm test`)
    return 0
  } catch (failure) {
    if (!(failure instanceof TypeError)) throw failure
    error(failure.message)
    return 2
  }
}
