import { spawn } from 'node:child_process'

export interface Outcome {
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a program to its end. */
export function execute(command: string, arguments_: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, { cwd, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => output.push(data))
    child.stderr.on('data', (data: Buffer) => errors.push(data))
    child.on('error', reject)
    child.on('close', (status) => {
      resolve({ status, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() })
    })
  })
}

/** Runs a program that has to succeed. Gives what it printed. */
export async function succeed(command: string, arguments_: readonly string[], cwd: string): Promise<string> {
  const { status, output, errors } = await execute(command, arguments_, cwd)
  if (status !== 0) throw new Error(`${command} ${arguments_.join(' ')} ended with ${status}:\n${errors}${output}`)
  return output
}

/** Without what npm and pnpm told the scripts that run these tests: it would change what they do here. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|INIT_CWD$|NODE_OPTIONS$|VITEST)/i.test(name),
  )
  return Object.fromEntries(entries)
}
