import { createRequire } from 'node:module'
import { type DriverOptions, LocalStorageDriver } from '@onitu/test-utils'
import type { OpenSshServer } from '@onitu/test-utils/servers'

/** A service behind a real SFTP server of this machine: what a user of the server does is done in its directory. */
export class SftpDriver extends LocalStorageDriver {
  override readonly type = createRequire(import.meta.url).resolve('@onitu/driver-sftp')
  readonly #server: OpenSshServer

  constructor(name: string, server: OpenSshServer, options: DriverOptions = {}) {
    super(name, options)
    this.#server = server
  }

  protected override ownOptions() {
    const { host, port, user, clientKey, hostKey } = this.#server
    const quick = { poll_fastest: 0.3, poll_slowest: 2 }
    return { host, port, user, private_key_file: clientKey, host_key: hostKey, ...quick }
  }
}
