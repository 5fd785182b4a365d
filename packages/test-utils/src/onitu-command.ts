import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MARKER } from './processes.ts'

/** How a process ended. */
export interface Exit {
  /** Null when a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunResult extends Exit {
  readonly stdout: string
  readonly stderr: string
}

/** A running `onitu`, with what it prints. */
export interface OnituProcess {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Undefined while it runs. */
  readonly exit: Exit | undefined
  readonly exited: Promise<Exit>
  signal(signal: NodeJS.Signals): void
}

/** The script behind the `onitu` command of @onitu/launcher. */
export function onituScript(): string {
  const manifest = createRequire(import.meta.url).resolve('@onitu/launcher/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  return join(dirname(manifest), bin.onitu)
}

export interface OnituOptions {
  /** Given to all its processes, to find them again. */
  readonly marker: string
  /** Run as this user id (and the group of the same number); needs the right to. */
  readonly user?: number | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
}

export function startOnitu(parameters: readonly string[], { marker, user, environment }: OnituOptions): OnituProcess {
  const child = spawn(process.execPath, [onituScript(), ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, [MARKER]: marker },
    ...(user === undefined ? {} : { uid: user, gid: user }),
  })
  const output = { stdout: '', stderr: '' }
  collect(child, output)
  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      exit = { status, signal }
      resolve(exit)
    })
  })
  return {
    pid: child.pid ?? 0,
    exited,
    signal: (signal) => void child.kill(signal),
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    get exit() {
      return exit
    },
  }
}

function collect(child: ChildProcess, output: { stdout: string; stderr: string }): void {
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
}
