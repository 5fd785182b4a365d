import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPlainRequester } from '@onitu/escalator/requester'
import { readSessionFile, sessionFilePath } from '@onitu/launcher'
import { ipcAddress } from '@onitu/protocol/base'
import { execute, type Outcome, succeed } from './execute.ts'
import type { Pair } from './peers.ts'
import type { Memory } from './result.ts'

const command = fileURLToPath(
  import.meta.resolve('@onitu/launcher/package.json').replace(/package\.json$/, 'bin/onitu.js'),
)

/** What `onitu wait` says when nothing runs (yet). */
const notRunning = 3
const waitSeconds = 3600

/** Hubs that would go on after this process. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const hub of running) hub.kill('SIGTERM')
})

/** A running Onitu that keeps a pair of folders in sync. */
export class Hub {
  readonly #process: ChildProcess
  readonly #options: readonly string[]
  readonly #output: string[]
  readonly #session: string

  private constructor(process: ChildProcess, options: readonly string[], output: string[], session: string) {
    this.#process = process
    this.#options = options
    this.#output = output
    this.#session = session
  }

  /** Returns at once; the hub is not ready yet. */
  static start(pair: Pair): Hub {
    return Hub.startOn(pair.memory, setupFor(pair))
  }

  /** The same on any setup. `memory`: a folder for what the hub keeps. */
  static startOn(memory: string, written: { readonly name: string; readonly [field: string]: unknown }): Hub {
    const setup = join(memory, 'setup.json')
    writeFileSync(setup, JSON.stringify(written))
    const config = join(memory, 'config')
    const options = ['--setup', setup, '--config-dir', config]
    const child = spawn(process.execPath, [command, 'start', ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    const output: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => keepLast(output, data.toString()))
    return new Hub(child, options, output, join(config, written.name))
  }

  /** Until both folders are the same. Waits for a hub that is still starting. */
  async settle(): Promise<void> {
    for (;;) {
      const outcome = await this.#onitu('wait', '--timeout', String(waitSeconds))
      if (outcome.status === 0) return
      if (outcome.status !== notRunning) throw new Error(`onitu wait ended with ${outcome.status}: ${outcome.errors}`)
      if (this.#process.exitCode !== null)
        throw new Error(`onitu start ended with ${this.#process.exitCode}:\n${this.#output.join('')}`)
    }
  }

  /** The same for a hub that is up, without the start of a command: what a program sees that is there already. */
  async quiet(): Promise<void> {
    const runtime = readSessionFile(sessionFilePath(this.#session))?.runtime
    if (runtime === undefined) throw new Error(`No session runs in ${this.#session}`)
    const requester = createPlainRequester(ipcAddress(runtime, 'control'))
    try {
      const timeout = waitSeconds * 1000
      const { body } = await requester.request({ type: 'wait', timeout }, { timeout })
      if (Object(body).done !== true) throw new Error(`The hub is not done: ${JSON.stringify(body)}`)
    } finally {
      await requester.close()
    }
  }

  async memory(task: string): Promise<Memory[]> {
    return (await this.#processes()).map(({ name, pid }) => ({ task, process: name, ...memoryOf(pid) }))
  }

  /** What `act` costs each process, in ms of processor time. */
  async processorTime(act: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
    const before = (await this.#processes()).map((process) => ({ ...process, time: processorTimeOf(process.pid) }))
    await act()
    return new Map(before.map(({ name, pid, time }) => [name, processorTimeOf(pid) - time]))
  }

  async #processes(): Promise<{ readonly name: string; readonly pid: number }[]> {
    const { status, output, errors } = await this.#onitu('status', '--json')
    if (status !== 0) throw new Error(`onitu status ended with ${status}: ${errors}`)
    const { processes } = JSON.parse(output) as { processes: { name: string; pid: number | null }[] }
    const launcher = { name: 'launcher', pid: this.#process.pid ?? null }
    return [launcher, ...processes.filter(({ name }) => name !== launcher.name)].flatMap(({ name, pid }) =>
      pid === null ? [] : [{ name, pid }],
    )
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'close')
    this.#process.kill('SIGTERM')
    await ended
  }

  #onitu(...arguments_: string[]): Promise<Outcome> {
    return execute(process.execPath, [command, ...arguments_, ...this.#options])
  }
}

/** Fails if the folders differ. */
export async function checkEqual({ left, right }: Pair): Promise<void> {
  await succeed('diff', ['-rq', '--exclude', '.onitu', left, right])
}

function setupFor({ left, right }: Pair) {
  const service = (path: string) => ({ driver: 'local-storage', folders: { data: path } })
  return { name: 'bench', folders: { data: {} }, services: { left: service(left), right: service(right) } }
}

/** From the kernel: what `ps` shows, and the peak, which it does not. */
function memoryOf(pid: number): { resident: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6
  return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

/** ms, from the kernel, which counts in hundredths of a second. */
function processorTimeOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The end of what the hub printed, for the message if it fails. */
function keepLast(lines: string[], text: string): void {
  lines.push(text)
  if (lines.length > 50) lines.shift()
}
