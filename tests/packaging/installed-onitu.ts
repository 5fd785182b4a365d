import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitUntil } from '@onitu/test-utils'
import { execute, plainEnvironment, succeed } from './execute.ts'

const options = ['--setup', 'setup.yml', '--config-dir', 'config']
/** What `onitu wait` says when nothing runs (yet). */
const notRunning = 3

/** The `onitu` that npm has installed in a folder, started there by npx. */
export class InstalledOnitu {
  readonly #folder: string
  readonly #process: ChildProcess
  readonly #output: string[] = []

  constructor(folder: string) {
    this.#folder = folder
    this.#process = spawn('npx', ['--no-install', 'onitu', 'start', ...options], {
      cwd: folder,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (data: Buffer) => this.#output.push(data.toString()))
    }
  }

  /** Until nothing is pending. @throws with all that was printed, if the hub has ended or does not settle */
  async settle(): Promise<void> {
    await waitUntil(
      async () => {
        if (this.#process.exitCode !== null) throw new Error(`onitu has ended:\n${this.#output.join('')}`)
        const { status, errors } = await execute(
          'npx',
          ['--no-install', 'onitu', 'wait', '--timeout', '30', ...options],
          this.#folder,
        )
        if (status === 0) return true
        if (status !== notRunning)
          throw new Error(`onitu wait ended with ${status}: ${errors}\n${this.#output.join('')}`)
        return false
      },
      { timeout: 30_000, what: () => `the hub did not start:\n${this.#output.join('')}` },
    )
  }

  /** Gently, as a user would. May be called twice. Gives the exit status of `onitu start`. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode
    const ended = once(this.#process, 'close')
    await succeed('npx', ['--no-install', 'onitu', 'stop', ...options], this.#folder)
    await ended
    return this.#process.exitCode
  }

  /** Whatever is left of it. */
  kill(): void {
    const { pid } = this.#process
    if (pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null)
      process.kill(-pid, 'SIGKILL')
  }
}
