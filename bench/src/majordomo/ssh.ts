import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { succeed } from '../execute.ts'
import { freePort } from './remote-pair.ts'

const SSHD = '/usr/sbin/sshd'
const TRIES = 100
const STEP = 50

/** An OpenSSH server on loopback, for rsync. */
export class Ssh {
  readonly #server: ChildProcess
  readonly #command: string

  private constructor(server: ChildProcess, command: string) {
    this.#server = server
    this.#command = command
  }

  /** Undefined where it is not installed. */
  static async start(folder: string): Promise<Ssh | undefined> {
    if (!existsSync(SSHD)) return undefined
    mkdirSync(folder, { recursive: true })
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
    const key = join(folder, 'key')
    await succeed('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    copyFileSync(`${key}.pub`, join(folder, 'authorized_keys'))
    chmodSync(join(folder, 'authorized_keys'), 0o600)
    const port = await freePort()
    const configuration = join(folder, 'sshd_config')
    writeFileSync(
      configuration,
      `ListenAddress 127.0.0.1:${port}\nHostKey ${key}\nPidFile ${folder}/pid\nAuthorizedKeysFile ${folder}/authorized_keys\n` +
        'PermitRootLogin yes\nPasswordAuthentication no\nUsePAM no\nStrictModes no\n',
    )
    const server = spawn(SSHD, ['-D', '-f', configuration], { stdio: 'ignore' })
    await listening(port)
    const options = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
    return new Ssh(server, `ssh -p ${port} -i ${key} ${options}`)
  }

  rsync(from: string, to: string): Promise<string> {
    return succeed('rsync', ['-a', '-e', this.#command, `${from}/`, `${userInfo().username}@127.0.0.1:${to}/`])
  }

  async stop(): Promise<void> {
    const ended = once(this.#server, 'close')
    this.#server.kill('SIGTERM')
    await ended
  }
}

async function listening(port: number): Promise<void> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const socket = connect(port, '127.0.0.1')
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isUp) return
    await sleep(STEP)
  }
  throw new Error(`${SSHD} does not listen`)
}
