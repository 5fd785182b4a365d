import { join } from 'node:path'
import {
  authorize,
  changeAuthorizedKeys,
  createKeyFiles,
  type KeyPlaces,
  keyPlaces,
  type NewKey,
  publicKeyPath,
  readOrCreateKeys,
} from '@onitu/majordomo/keys'
import { Setup, type WrittenSetup } from '@onitu/test-utils'
import { freePorts } from '@onitu/test-utils/servers'

/** ms between heartbeats: short, so that tests need not wait long. */
const HEARTBEAT = 2_000

/** A setup with Majordomo on free ports of this machine, and keys for its clients. */
export class RemoteSetup extends Setup {
  readonly requests: number
  readonly handlers: number
  readonly #bind: string

  private constructor(first: number, bind: string) {
    super()
    this.requests = first
    this.handlers = first + 1
    this.#bind = bind
  }

  static async create(bind = '127.0.0.1'): Promise<RemoteSetup> {
    return new RemoteSetup(await freePorts(2), bind)
  }

  get keyPlaces(): KeyPlaces {
    return keyPlaces(join(this.configDirectory, this.name))
  }

  override dump(): WrittenSetup & { readonly majordomo: object } {
    const { requests, handlers } = this
    return {
      ...super.dump(),
      majordomo: { bind: this.#bind, requests, handlers, heartbeat: `${HEARTBEAT / 1000}s` },
    }
  }

  /** A new key pair. Gives the file of the secret key, and the public key. */
  async newKey(
    name: string,
  ): Promise<{ readonly path: string; readonly publicKey: string; readonly secretKey: string }> {
    const path = join(this.folder, `${name}.key`)
    return { path, ...(await createKeyFiles(path, name)) }
  }

  async authorize(publicKey: string, service: string, limits: Partial<NewKey> = {}): Promise<void> {
    const key: NewKey = { name: service, publicKey, service, folders: 'all', mode: 'rw', ...limits }
    await changeAuthorizedKeys(this.keyPlaces.authorizedKeys, (keys) => authorize(keys, key, Date.now()))
  }

  /** The file with the public key of the hub. */
  async serverKey(): Promise<string> {
    await readOrCreateKeys(this.keyPlaces.serverKey, this.name)
    return publicKeyPath(this.keyPlaces.serverKey)
  }
}
