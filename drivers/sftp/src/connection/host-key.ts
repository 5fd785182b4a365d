import { readFile } from 'node:fs/promises'
import { ServiceError, systemCode } from '@onitu/plug'
import { homePath } from '@onitu/plug/kit'
import { fingerprint, keyType, parseKnownHosts, parsePinnedKey, type TrustedKey } from '../options/known-hosts.ts'
import type { SftpOptions } from '../options/read-options.ts'

export interface HostKeyCheck {
  /** Why the key of the server is not accepted, or undefined. */
  readonly verify: (key: Uint8Array) => ServiceError | undefined
  /** The types of keys that are known, to be asked for first. */
  readonly types: readonly string[]
}

/** The pinned keys where there are any, else those of known_hosts. There is no way to accept just any key. */
export async function hostKeyCheck(options: SftpOptions): Promise<HostKeyCheck> {
  const pinned = options.hostKeys.length > 0
  const trusted = pinned ? options.hostKeys.map(pinnedKey) : await knownKeys(options)
  const types = [...new Set(trusted.flatMap(({ type, revoked }) => (type === undefined || revoked ? [] : [type])))]
  return { types, verify: (key) => judge(options, key, trusted, pinned) }
}

function judge(
  { host, port, knownHosts }: SftpOptions,
  key: Uint8Array,
  trusted: readonly TrustedKey[],
  pinned: boolean,
): ServiceError | undefined {
  const found = trusted.find(({ matches }) => matches(key))
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const where = pinned ? 'the option host_key' : knownHosts
  if (found !== undefined && !found.revoked) return undefined
  if (found === undefined && trusted.length === 0) {
    return new ServiceError(
      'HOST_KEY_UNKNOWN',
      `${host}:${port} shows the key ${shown}, and ${where} has none for it. If that is the right one, set the option host_key to ${fingerprint(key)}`,
    )
  }
  const how = found === undefined ? `is not the one in ${where}` : `is revoked in ${where}`
  return new ServiceError(
    'HOST_KEY_MISMATCH',
    `The key of ${host}:${port}, ${shown}, ${how}: it may be another server. Nothing was sent to it`,
  )
}

function pinnedKey(text: string): TrustedKey {
  const key = parsePinnedKey(text)
  if (key !== undefined) return key
  throw new ServiceError(
    'HOST_KEY_INVALID',
    `Expected a key such as "ssh-ed25519 AAAA…" or a fingerprint such as "SHA256:…" in the option host_key, got ${JSON.stringify(text)}`,
  )
}

async function knownKeys({ knownHosts, host, port }: SftpOptions): Promise<TrustedKey[]> {
  try {
    return parseKnownHosts(await readFile(homePath(knownHosts), 'utf8'), host, port)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw new ServiceError('KNOWN_HOSTS_UNREADABLE', `Cannot read ${knownHosts}: ${String(error)}`, { cause: error })
  }
}
