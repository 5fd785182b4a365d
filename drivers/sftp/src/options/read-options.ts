import type { OptionValue } from '@onitu/plug'
import { type SecretPlaces, secretPlaces } from '@onitu/plug/kit'

/** The options of a service, typed. Secrets are read when a connection is made, so that a renewed file is used at once. */
export interface SftpOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: SecretPlaces
  readonly privateKey: SecretPlaces
  readonly passphrase: SecretPlaces
  /** Socket of an agent; undefined: none. */
  readonly agent: string | undefined
  readonly hostKeys: readonly string[]
  readonly knownHosts: string
  readonly fsync: boolean
  /** ms */
  readonly pollFastest: number
  readonly pollSlowest: number
  readonly timeout: number
  readonly requests: number
}

export function readOptions(options: Readonly<Record<string, OptionValue>>): SftpOptions {
  const text = (name: string) => String(options[name] ?? '')
  const seconds = (name: string, otherwise: number) => Number(options[name] ?? otherwise) * 1000
  const fastest = seconds('poll_fastest', 1)
  const agent = text('agent')
  return {
    host: text('host'),
    port: Number(options.port ?? 22),
    user: text('user'),
    password: secretPlaces('password', options),
    privateKey: { ...secretPlaces('private_key', options), value: '' },
    passphrase: { ...secretPlaces('passphrase', options), value: '' },
    agent: agent === '' ? undefined : agent === 'env' ? process.env.SSH_AUTH_SOCK : agent,
    hostKeys: text('host_key')
      .split(/[,\n]/)
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    knownHosts: text('known_hosts') || '~/.ssh/known_hosts',
    fsync: options.fsync !== false,
    pollFastest: fastest,
    pollSlowest: Math.max(fastest, seconds('poll_slowest', 30)),
    timeout: seconds('timeout', 20),
    requests: Number(options.requests ?? 64),
  }
}
