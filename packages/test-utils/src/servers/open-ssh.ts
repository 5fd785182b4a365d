import { execFileSync } from 'node:child_process'
import { accessSync, chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts'
import { freePorts } from './free-port.ts'
import { listening, type RunningServer, startProgram } from './process-tree.ts'

const SSHD = '/usr/sbin/sshd'

/** Why no OpenSSH server can be started here, or undefined. */
export function openSshProblem(): string | undefined {
  try {
    accessSync(SSHD)
    execFileSync('ssh-keygen', ['-Y', 'help'], { stdio: 'ignore' })
  } catch (error) {
    // ssh-keygen ends with a status of its own; what matters is that it is there.
    if (systemCode(error) === 'ENOENT')
      return `${SSHD} or ssh-keygen is missing (Debian: openssh-server, openssh-client)`
  }
  return undefined
}

export interface OpenSshOptions {
  /** It refuses every write. */
  readonly readOnly?: boolean
  /** Channels of one connection. Default 10, as OpenSSH has it. */
  readonly maxSessions?: number
  /** How much is sent with one key, as OpenSSH writes it: `1M`. Default: as much as the cipher is good for. */
  readonly rekeyLimit?: string
}

/** A real OpenSSH server of the user who runs the test, on loopback, with SFTP only. */
export class OpenSshServer {
  readonly host = '127.0.0.1'
  readonly user = userInfo().username
  readonly port: number
  readonly #folder: TemporaryFolder
  readonly #parameters: readonly string[]
  #server: RunningServer | undefined

  private constructor(folder: TemporaryFolder, port: number, parameters: readonly string[]) {
    this.#folder = folder
    this.port = port
    this.#parameters = parameters
  }

  static async start(options: OpenSshOptions = {}): Promise<OpenSshServer> {
    const folder = await temporaryFolder('onitu-sshd-')
    const port = await freePorts()
    for (const name of ['host_key', 'client_key', 'stranger_key', 'other_host_key'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder.path, name)])
    copyFileSync(join(folder.path, 'client_key.pub'), join(folder.path, 'authorized_keys'))
    chmodSync(join(folder.path, 'authorized_keys'), 0o600)
    const configuration = join(folder.path, 'sshd_config')
    writeFileSync(configuration, settings(folder.path, port, options))
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
    const server = new OpenSshServer(folder, port, ['-D', '-e', '-f', configuration])
    await server.resume()
    return server
  }

  /** Private key that is let in. */
  get clientKey(): string {
    return join(this.#folder.path, 'client_key')
  }

  /** Private key that is not let in. */
  get strangerKey(): string {
    return join(this.#folder.path, 'stranger_key')
  }

  /** What it shows, as `ssh-ed25519 AAAA…`. */
  get hostKey(): string {
    return readFileSync(join(this.#folder.path, 'host_key.pub'), 'utf8').trim()
  }

  /** What another server would show. */
  get otherHostKey(): string {
    return readFileSync(join(this.#folder.path, 'other_host_key.pub'), 'utf8').trim()
  }

  /** Ends it with all its connections. */
  async stop(): Promise<void> {
    await this.#server?.kill()
    this.#server = undefined
  }

  /** Starts it again on the same port, with the same keys. */
  async resume(): Promise<void> {
    this.#server = startProgram(SSHD, this.#parameters)
    await listening(this.port, this.#server)
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.stop()
    await this.#folder.remove()
  }
}

function settings(
  folder: string,
  port: number,
  { readOnly = false, maxSessions = 10, rekeyLimit = 'default' }: OpenSshOptions,
): string {
  const sftp = readOnly ? 'internal-sftp -R' : 'internal-sftp'
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host_key`,
    `PidFile ${folder}/sshd.pid`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'UsePAM no',
    'StrictModes no',
    'MaxStartups 100',
    `MaxSessions ${maxSessions}`,
    `RekeyLimit ${rekeyLimit}`,
    `Subsystem sftp ${sftp}`,
    `ForceCommand ${sftp}`,
    '',
  ].join('\n')
}
