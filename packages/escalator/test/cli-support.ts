import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cleanup, until } from './support.ts'

/** What is built (`npx tsup`), as a user runs it. */
const bin = fileURLToPath(new URL('../bin/escalator.js', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What came on stdout and stderr so far. */
  output(): { readonly stdout: string; readonly stderr: string }
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

function start(parameters: readonly string[], { input = '', env = {}, cwd }: RunOptions = {}): Started {
  const child = spawn(process.execPath, [bin, ...parameters], {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const output = { stdout: '', stderr: '' }
  // latin1: one character for each byte.
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  child.stdin.end(input)
  const closed = once(child, 'close')
  cleanup(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return { child, output: () => output, ended: closed.then(([status]) => ({ status, ...output })) }
}

export function run(parameters: readonly string[], options?: RunOptions): Promise<Ended> {
  return start(parameters, options).ended
}

/** `escalator serve`, once it says that it listens. */
export async function startServing(parameters: readonly string[]): Promise<Started> {
  const started = start(['serve', ...parameters])
  await until(() => {
    if (started.child.exitCode !== null) throw new Error(`escalator serve ended: ${started.output().stderr}`)
    return started.output().stdout.includes('Serving')
  }, 'the server says that it serves')
  return started
}

/** Runs a command whose reader goes away after the first bytes, as `| head -1` does. */
export async function runUnread(parameters: readonly string[]): Promise<Omit<Ended, 'stdout'>> {
  const { child, ended } = start(parameters)
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { status, stderr } = await ended
  return { status, stderr }
}
