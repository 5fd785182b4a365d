import { spawn } from 'node:child_process'

export interface Outcome {
  readonly status: number
  readonly output: string
  readonly errors: string
}

/** Runs a program to its end. A program that cannot be started is an error, one that fails is not. */
export function execute(command: string, arguments_: readonly string[], env = process.env): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString()
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status: status ?? 1, output, errors }))
  })
}

/** Runs a program that has to succeed. Gives what it printed. */
export async function succeed(command: string, arguments_: readonly string[], env = process.env): Promise<string> {
  const { status, output, errors } = await execute(command, arguments_, env)
  if (status !== 0) throw new Error(`${command} ${arguments_.join(' ')} ended with ${status}: ${errors}${output}`)
  return output
}

/** How long something takes, in ms. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}
