import type { Socket } from 'node:net'
import { ServiceError, systemCode } from '@onitu/plug'
import { type Pace, readSecret } from '@onitu/plug/kit'
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import type { SftpOptions } from '../options/read-options.ts'
import { type HostKeyCheck, hostKeyCheck } from './host-key.ts'
import { Lanes } from './lanes.ts'
import { openSocket } from './open-socket.ts'
import { quickenCipher } from './quicken-cipher.ts'
import { Session } from './session.ts'
import { connectionLost } from './sftp-status.ts'

export interface Connected {
  readonly session: Session
  /** For contents. */
  readonly lanes: Lanes
  close(): Promise<void>
}

export interface ConnectHooks {
  readonly pace?: Pace
  /** Told once why files are written on fewer channels than could be. */
  readonly refused?: (error: unknown) => void
}

/** What ssh2 can verify, best first. The types that are known of the server are asked for before all others. */
const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

/** ms for all of a login, which is several answers and some work on both sides, whatever the option `timeout` says of one answer. */
const LOGIN = 10_000

/** ms between two signs of life on a quiet connection. */
const KEEP_ALIVE = 15_000

/** Logs in and opens an SFTP channel. @throws ServiceError that says what is wrong */
export async function connect(options: SftpOptions, { pace, refused }: ConnectHooks = {}): Promise<Connected> {
  const check = await hostKeyCheck(options)
  const credentials = await readCredentials(options)
  const client = new Client()
  const { socket, reuseMemory } = openSocket(options.host, options.port)
  const sessions: Session[] = []
  const { timeout, requests } = options
  const open = async () => {
    const channel = await openChannel(client, options)
    channel.stderr.resume()
    const link = client
    const session = new Session(channel, { timeout, requests, pace, link }, () => client.destroy())
    sessions.push(session)
    await session.greet()
    return session
  }
  const end = (reason: Error) => {
    for (const session of sessions) session.end(reason)
  }
  try {
    client.on('handshake', () => quickenCipher(client))
    await logIn(client, socket, options, check, credentials)
    reuseMemory()
    // What comes after this belongs to the sessions: their requests fail.
    client.on('error', (error) => end(connectionLost(error)))
    client.on('close', () => end(connectionLost()))
    const session = await open()
    const lanes = new Lanes(session, open, refused ?? (() => undefined))
    return { session, lanes, close: () => close(client, session, end) }
  } catch (error) {
    // It has told why it failed already; nobody is left to hear what happens while it is torn down.
    client.on('error', () => client.destroy())
    client.destroy()
    throw error
  }
}

async function close(client: Client, { isAlive: wasAlive }: Session, end: (reason: Error) => void): Promise<void> {
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  end(new ServiceError('CLOSED', 'The driver is closed'))
  client.end()
  if (!wasAlive) return
  const impatience = setTimeout(() => client.destroy(), 1_000)
  await closed
  clearTimeout(impatience)
}

type Credentials = Pick<ConnectConfig, 'password' | 'privateKey' | 'passphrase' | 'agent'>

async function readCredentials(options: SftpOptions): Promise<Credentials> {
  const [password, privateKey, passphrase] = await Promise.all([
    readSecret(options.password),
    readSecret(options.privateKey),
    readSecret(options.passphrase),
  ])
  if (password === undefined && privateKey === undefined && options.agent === undefined) {
    throw new ServiceError(
      'NO_CREDENTIALS',
      `Nothing to log in to ${options.host} with: set password_env, password_file, private_key_file, private_key_env or agent`,
    )
  }
  return {
    ...(password === undefined ? {} : { password }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(options.agent === undefined ? {} : { agent: options.agent }),
  }
}

function logIn(
  client: Client,
  socket: Socket,
  options: SftpOptions,
  { verify, types }: HostKeyCheck,
  credentials: Credentials,
): Promise<void> {
  const known = HOST_KEY_ALGORITHMS.filter((name) => types.includes(name.startsWith('rsa') ? 'ssh-rsa' : name))
  const others = HOST_KEY_ALGORITHMS.filter((name) => !known.includes(name))
  let refusal: ServiceError | undefined
  return new Promise((resolve, reject) => {
    client.on('error', (error) => reject(refusal ?? loginError(error, options)))
    client.on('close', () => reject(refusal ?? connectionLost()))
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, answer) =>
      answer(prompts.map(() => String(credentials.password ?? ''))),
    )
    client.on('ready', () => resolve())
    const config: ConnectConfig = {
      ...credentials,
      sock: socket,
      username: options.user,
      readyTimeout: Math.max(options.timeout, LOGIN),
      keepaliveInterval: KEEP_ALIVE,
      tryKeyboard: credentials.password !== undefined,
      algorithms: { serverHostKey: [...known, ...others] },
      hostVerifier: (key: Buffer) => {
        refusal = verify(key)
        return refusal === undefined
      },
    }
    try {
      client.connect(config)
    } catch (error) {
      socket.destroy()
      // A private key that cannot be parsed, or needs a passphrase.
      reject(new ServiceError('BAD_CREDENTIALS', `Cannot use the private key: ${String(error)}`))
    }
  })
}

function openChannel(client: Client, options: SftpOptions): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(connectionLost())
    client.once('close', lost)
    client.subsys('sftp', (error, channel) => {
      client.off('close', lost)
      if (error === undefined) resolve(channel)
      else reject(noSftp(error, options))
    })
  })
}

function loginError(error: Error & { level?: string }, { host, port, user }: SftpOptions): ServiceError {
  const where = `${host}:${port}`
  if (error.level === 'client-authentication') {
    return new ServiceError(
      'AUTHENTICATION_FAILED',
      `${where} does not let ${user} in with what it was given: ${error.message}`,
    )
  }
  if (error.level === 'client-timeout') {
    return new ServiceError('NO_ANSWER', `${where} did not answer in time: ${error.message}`)
  }
  const code = systemCode(error) ?? 'CONNECTION_LOST'
  return new ServiceError(code, `Cannot connect to ${where}: ${error.message}`, { cause: error })
}

function noSftp(error: Error, { host }: SftpOptions): ServiceError {
  return new ServiceError('NO_SFTP', `${host} let us in but offers no SFTP: ${error.message}`)
}
