import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createPusher, createRequester, type Pusher, type Requester } from '@onitu/escalator/messaging'
import { encode, OnituError } from '@onitu/protocol'
import { Driver, type DriverOptions } from './driver.ts'
import type { MemoryCommand } from './memory-driver/messages.ts'
import type { Setup } from './setup.ts'

/** Commands that may wait for the service to start. */
const NOTIFICATIONS = 100_000

/**
 * A service of the memory driver, operated over its sockets. The commands that change something are answered when they
 * are carried out; `notify` sends one that is not answered, and that is delivered once the service runs.
 */
export class MemoryDriver extends Driver {
  readonly type = createRequire(import.meta.url).resolve('@onitu/test-utils/memory-driver')
  readonly #timeout: number
  #addresses: { readonly requests: string; readonly notifications: string } | undefined
  #requester: Requester | undefined
  #pusher: Pusher | undefined

  constructor(name: string, options: DriverOptions & { readonly timeout?: number } = {}) {
    super(name, options)
    this.#timeout = options.timeout ?? 15_000
  }

  override connect(setup: Setup): void {
    // By number: a name may have any length and a socket path may not.
    const number = setup.services.size
    this.#addresses = {
      requests: `ipc://${join(setup.folder, `requests-${number}`)}`,
      notifications: `ipc://${join(setup.folder, `notifications-${number}`)}`,
    }
  }

  override async close(): Promise<void> {
    await Promise.all([this.#requester?.close(), this.#pusher?.close()])
    this.#requester = undefined
    this.#pusher = undefined
  }

  /** Directories exist as far as files are in them. */
  override async mkdir(_path: string): Promise<void> {}

  override async rmdir(path: string): Promise<void> {
    await this.#request({ type: 'rmdir', path })
  }

  override async write(path: string, content: Uint8Array | string): Promise<void> {
    await this.#request({ type: 'write', path, content: Buffer.from(content) })
  }

  override async generate(path: string, size: number): Promise<void> {
    await this.#request({ type: 'generate', path, size })
  }

  override async read(path: string): Promise<Uint8Array> {
    const content = await this.#request({ type: 'read', path })
    if (content instanceof Uint8Array) return content
    throw unexpected('bytes', content)
  }

  override async exists(path: string): Promise<boolean> {
    const answer = await this.#request({ type: 'exists', path })
    if (typeof answer === 'boolean') return answer
    throw unexpected('true or false', answer)
  }

  /** `notify: false`: the service tells its Plug nothing. */
  override async unlink(path: string, { notify = true }: { readonly notify?: boolean } = {}): Promise<void> {
    await this.#request({ type: 'delete', path, notify })
  }

  override async rename(path: string, to: string): Promise<void> {
    await this.#request({ type: 'move', path, to })
  }

  override async checksum(path: string): Promise<string> {
    const answer = await this.#request({ type: 'checksum', path })
    if (typeof answer === 'string') return answer
    throw unexpected('a text', answer)
  }

  /** One way: returns at once, and is carried out when the service runs, in the order of the calls. */
  notify(command: MemoryCommand): void {
    this.#pusher ??= createPusher({ address: this.#address('notifications'), capacity: NOTIFICATIONS })
    this.#pusher.push([encode(command)])
  }

  /** As `generate`, one way. Gives the content. */
  notifyGenerate(path: string, size: number): Uint8Array {
    const content = randomBytes(size)
    this.notify({ type: 'write', path, content })
    return content
  }

  protected override resolveFolder(folder: string, path: string | undefined): string {
    return path ?? folder
  }

  protected override ownOptions() {
    return { requests: this.#address('requests'), notifications: this.#address('notifications') }
  }

  async #request(command: MemoryCommand): Promise<unknown> {
    this.#requester ??= createRequester({ address: this.#address('requests'), timeout: this.#timeout })
    const { body } = await this.#requester.request(command)
    return body
  }

  #address(socket: 'requests' | 'notifications'): string {
    if (this.#addresses === undefined) throw new TypeError(`Add ${this.name} to a setup before using it`)
    return this.#addresses[socket]
  }
}

function unexpected(expected: string, got: unknown): OnituError {
  return new OnituError('PROTOCOL', `Expected ${expected} from the memory driver, got ${typeof got}`)
}
