import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { succeed } from '../execute.ts'

const command = fileURLToPath(
  import.meta.resolve('@onitu/launcher/package.json').replace(/package\.json$/, 'bin/onitu.js'),
)
const WAIT_SECONDS = '3600'
/** ms until everything runs and the client is connected. */
const START_TIMEOUT = 120_000
const STEP = 50

/** A hub with the folder `left`, and a client of it on loopback with the folder `right`. */
export class RemotePair {
  readonly left: string
  readonly right: string
  readonly #folder: string
  #hub: Program | undefined
  #client: Program | undefined

  constructor(folder: string) {
    this.#folder = folder
    this.left = join(folder, 'left')
    this.right = join(folder, 'right')
    for (const path of [folder, this.left, this.right]) mkdirSync(path, { recursive: true })
  }

  async start(): Promise<void> {
    const ports = { requests: await freePort(), handlers: await freePort() }
    this.#write('setup.json', {
      name: 'bench',
      folders: { data: {} },
      services: { left: { driver: 'local-storage', folders: { data: this.left } } },
      majordomo: { bind: '127.0.0.1', ...ports },
    })
    this.#write('client.json', {
      server: { address: '127.0.0.1', ...ports, key: join(this.#folder, 'hub.pub') },
      key: join(this.#folder, 'keys', 'right.key'),
      driver: 'local-storage',
      folders: { data: this.right },
    })
    await this.#onitu('keys', 'generate', 'right', '--config-dir', this.#folder)
    writeFileSync(join(this.#folder, 'hub.pub'), await this.#session('keys', 'show'))
    await this.#session('keys', 'authorize', join(this.#folder, 'keys', 'right.key.pub'), '--service', 'right')
    this.#hub = new Program(['start', ...this.#options()])
    await this.#hub.until('Session bench started')
    this.#client = new Program(['remote', '--setup', join(this.#folder, 'client.json')])
    await this.#client.until('Connected to the hub')
    await this.settle()
  }

  async settle(): Promise<void> {
    await this.#session('wait', '--timeout', WAIT_SECONDS)
  }

  /** Of the client, in MB. */
  get clientMemory(): { readonly resident: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#client?.pid}/status`, 'utf8')
    const megabytes = (field: string) =>
      (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6
    return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') }
  }

  /** Fails if the folders differ. */
  async checkEqual(): Promise<void> {
    await succeed('diff', ['-rq', '--exclude', '.onitu', this.left, this.right])
  }

  async close(): Promise<void> {
    await this.#client?.stop()
    await this.#hub?.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #write(name: string, value: object): void {
    writeFileSync(join(this.#folder, name), JSON.stringify(value))
  }

  #options(): string[] {
    return ['--setup', join(this.#folder, 'setup.json'), '--config-dir', join(this.#folder, 'config')]
  }

  #session(...parameters: string[]): Promise<string> {
    return this.#onitu(...parameters, ...this.#options())
  }

  #onitu(...parameters: string[]): Promise<string> {
    return succeed(process.execPath, [command, ...parameters])
  }
}

class Program {
  readonly #process: ChildProcess
  #output = ''

  constructor(parameters: readonly string[]) {
    // As a person does: the command says itself how much memory it wants.
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        // What is waited for comes first; what comes later is only for the message when it fails.
        this.#output = (this.#output + data.toString()).slice(-100_000)
      })
    }
    this.#process = child
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  async until(text: string): Promise<void> {
    for (const end = performance.now() + START_TIMEOUT; !this.#output.includes(text); await sleep(STEP)) {
      if (this.#process.exitCode !== null || performance.now() > end)
        throw new Error(`Waited in vain for "${text}": ${this.#output}`)
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'close')
    this.#process.kill('SIGTERM')
    await ended
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
