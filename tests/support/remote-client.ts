import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NewKey } from '@onitu/majordomo/keys'
import { LocalStorageDriver, onituScript, waitUntil } from '@onitu/test-utils'
import { partialSize } from './partial-size.ts'
import type { RemoteSetup } from './remote-setup.ts'

export interface RemoteClientOptions {
  readonly folders?: Readonly<Record<string, object>>
  /** What its key may do, where it is not everything. */
  readonly key?: Partial<NewKey>
  readonly rules?: readonly unknown[]
  /** Of `chunk_size`, so that transfers take their time. */
  readonly chunkSize?: number
  /** Where the hub is, seen from the client. Default: this machine. */
  readonly address?: string
  /** Default: those of the hub. */
  readonly ports?: { readonly requests: number; readonly handlers: number }
  /** A command that runs it, with its arguments: `ip netns exec …`. */
  readonly through?: readonly string[]
  /** File with the secret key of another client. */
  readonly secretKey?: string
  readonly env?: NodeJS.ProcessEnv
}

/** `onitu remote` as a process, with folders of this machine; and these folders as a test works on them. */
export class RemoteClient {
  readonly name: string
  readonly storage: LocalStorageDriver
  readonly #setup: RemoteSetup
  readonly #options: RemoteClientOptions
  #process: ChildProcess | undefined
  #exited: Promise<number | null> = Promise.resolve(null)
  #output = ''
  /** Of `#output`, before which everything is from earlier runs. */
  #from = 0

  constructor(setup: RemoteSetup, name: string, options: RemoteClientOptions = {}) {
    this.name = name
    this.#setup = setup
    this.#options = options
    this.storage = new LocalStorageDriver(name, {
      folders: Object.fromEntries(this.#folderNames().map((folder) => [folder, {}])),
    })
    this.storage.connect(setup)
  }

  /** Makes its keys, lets them in, and writes its setup. */
  async prepare(): Promise<this> {
    const { key, secretKey } = this.#options
    let path = secretKey
    if (path === undefined) {
      const made = await this.#setup.newKey(this.name)
      path = made.path
      await this.#setup.authorize(made.publicKey, this.name, key)
    }
    await writeFile(this.#file, JSON.stringify(await this.#dump(path)))
    return this
  }

  get secretKey(): string {
    return this.#options.secretKey ?? join(this.#setup.folder, `${this.name}.key`)
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** What it printed since it was last started. */
  get output(): string {
    return this.#output.slice(this.#from)
  }

  /** MB. */
  get memory(): number {
    const [, pages = '0'] = readFileSync(`/proc/${this.pid}/statm`, 'utf8').split(' ')
    return (Number(pages) * 4096) / 1e6
  }

  /** Starts it, and waits until it is connected. */
  async start(timeout = 20_000): Promise<void> {
    this.launch()
    await this.until('Connected to the hub', timeout)
  }

  launch(): void {
    this.#from = this.#output.length
    const [command, ...parameters] = [...(this.#options.through ?? []), process.execPath]
    const child = spawn(command ?? '', [...parameters, onituScript(), 'remote', '--debug', '--setup', this.#file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#options.env },
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    this.#process = child
    this.#exited = new Promise((resolve) => child.once('close', (status) => resolve(status)))
  }

  /** Waits for a word in what it prints; gives the place behind it, from which a later wait may go on. */
  async until(text: string, timeout = 20_000, from = 0): Promise<number> {
    await waitUntil(() => this.output.includes(text, from), {
      timeout,
      what: () => `the client ${this.name} did not say "${text}": ${this.output}`,
    })
    return this.output.indexOf(text, from) + text.length
  }

  /** Bytes of the largest file that is not in its final place yet. */
  partial(): number {
    return partialSize(this.storage.folderPath(this.#folderNames()[0] ?? ''))
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Gives its status; null when a signal ended it. */
  exited(): Promise<number | null> {
    return this.#exited
  }

  /** Ends it gently. May be called twice, and when it does not run. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return this.#exited
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  get #file(): string {
    return join(this.#setup.folder, `${this.name}.client.json`)
  }

  #folderNames(): string[] {
    return Object.keys(this.#options.folders ?? { default: {} })
  }

  async #dump(key: string): Promise<object> {
    const { address = '127.0.0.1', ports = this.#setup, folders, chunkSize, rules } = this.#options
    const { requests, handlers } = ports
    const entries = this.#folderNames().map((name) => [
      name,
      { ...folders?.[name], path: this.storage.folderPath(name) },
    ])
    return {
      server: { address, requests, handlers, key: await this.#setup.serverKey() },
      key,
      driver: 'local-storage',
      options: chunkSize === undefined ? {} : { chunk_size: chunkSize },
      folders: Object.fromEntries(entries),
      ...(rules === undefined ? {} : { rules }),
    }
  }
}
