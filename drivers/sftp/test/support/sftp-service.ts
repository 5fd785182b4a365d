import { readFileSync } from 'node:fs'
import type { OptionValue } from '@onitu/plug'
import {
  directoryPlace,
  type Fault,
  fullDisk,
  mountSmallDisk,
  type Place,
  type SmallDisk,
  smallDiskProblem,
} from '@onitu/test-utils/conformance'
import { OpenSshServer } from '@onitu/test-utils/servers'

/** A folder behind a real OpenSSH server. */
interface SftpPlace extends Place {
  readonly options: Readonly<Record<string, OptionValue>>
}

/** Quick to notice, as tests are impatient. */
const hasty = { poll_fastest: 0.2, poll_slowest: 1 }
/** Seconds, where a connection is silenced on purpose. Elsewhere a busy machine may take longer to answer. */
const IMPATIENT = 3

function optionsOf(server: OpenSshServer): Readonly<Record<string, OptionValue>> {
  const { host, port, user, clientKey, hostKey } = server
  return { host, port, user, private_key_file: clientKey, host_key: hostKey, ...hasty }
}

/** One server for all places, which are on a disk that can be filled where one can be made. */
export class SftpBench {
  readonly faults: Fault[]
  readonly #canFill = smallDiskProblem() === undefined
  #server: Promise<OpenSshServer> | undefined
  #disk: SmallDisk | undefined

  constructor() {
    this.faults = [...sftpFaults(() => this.#start()), ...(this.#canFill ? [fullDisk] : [])]
  }

  async place(): Promise<SftpPlace> {
    if (this.#canFill) this.#disk ??= mountSmallDisk()
    return sftpPlace(await this.#start(), this.#disk?.path)
  }

  async close(): Promise<void> {
    await (await this.#server)?.close()
    this.#disk?.remove()
  }

  #start(): Promise<OpenSshServer> {
    this.#server ??= OpenSshServer.start()
    return this.#server
  }
}

/** A place on a server; `parent`: where its directory is made. */
async function sftpPlace(server: OpenSshServer, parent?: string): Promise<SftpPlace> {
  const place = await directoryPlace(parent)
  return {
    ...place,
    options: optionsOf(server),
    network: {
      host: server.host,
      port: server.port,
      through: (host, port) => ({ ...optionsOf(server), host, port, timeout: IMPATIENT }),
      async stop() {
        await server.stop()
        return () => server.resume()
      },
    },
    secrets: [readFileSync(server.clientKey, 'utf8').split('\n')[1] ?? ''],
  }
}

/** What a server can refuse. */
function sftpFaults(server: () => Promise<OpenSshServer>): Fault[] {
  const other = (title: string, code: string, change: (of: OpenSshServer) => Record<string, OptionValue>): Fault => ({
    title,
    code,
    at: 'start',
    async begin() {
      return { options: change(await server()), end: async () => undefined }
    },
  })
  return [
    other('a key that is not let in', 'AUTHENTICATION_FAILED', ({ strangerKey }) => ({
      private_key_file: strangerKey,
    })),
    other('a wrong host key', 'HOST_KEY_MISMATCH', ({ otherHostKey }) => ({ host_key: otherHostKey })),
    other('a host key that nobody knows', 'HOST_KEY_UNKNOWN', () => ({ host_key: '', known_hosts: '/dev/null' })),
    other('a secret that is not there', 'NO_SECRET', () => ({
      private_key_file: '',
      private_key_env: 'ONITU_NOT_SET',
    })),
    other('nothing to log in with', 'NO_CREDENTIALS', () => ({ private_key_file: '' })),
    readOnlyServer,
  ]
}

const readOnlyServer: Fault = {
  title: 'a server that lets nobody write',
  code: 'EACCES',
  at: 'write',
  async begin() {
    const readOnly = await OpenSshServer.start({ readOnly: true })
    return { options: optionsOf(readOnly), end: () => readOnly.close() }
  },
}
