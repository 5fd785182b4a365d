import { createHash, createHmac } from 'node:crypto'

/** A key that a server may show: its type (`ssh-ed25519`) where it is known, and how to recognise it. */
export interface TrustedKey {
  readonly type: string | undefined
  readonly matches: (key: Uint8Array) => boolean
  readonly revoked: boolean
}

/** `SHA256:…`, as ssh-keygen -l prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type of a public key in its wire format. */
export function keyType(key: Uint8Array): string {
  const bytes = Buffer.from(key)
  return bytes.byteLength < 4 ? '' : bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0))
}

/** A key as an option has it: `ssh-ed25519 AAAA… comment`, `AAAA…` or `SHA256:…`. Undefined when it is none of these. */
export function parsePinnedKey(text: string): TrustedKey | undefined {
  const word = text.split(/\s+/)
  const [first = '', second] = word
  if (first.startsWith('SHA256:')) {
    const wanted = first.replace(/=+$/, '')
    return { type: undefined, matches: (key) => fingerprint(key) === wanted, revoked: false }
  }
  const encoded = first.startsWith('AAAA') ? first : second
  return encoded?.startsWith('AAAA') ? exactKey(encoded, false) : undefined
}

/** The keys that a known_hosts file has for a server. */
export function parseKnownHosts(content: string, host: string, port: number): TrustedKey[] {
  return content.split('\n').flatMap((line) => parseLine(line.trim(), host, port) ?? [])
}

function parseLine(line: string, host: string, port: number): TrustedKey | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const fields = line.split(/\s+/)
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
  const [hosts, , encoded] = fields
  // A certificate authority is not a key that a server shows.
  if (hosts === undefined || encoded === undefined || marker === '@cert-authority') return undefined
  return matchesHost(hosts, host, port) ? exactKey(encoded, marker === '@revoked') : undefined
}

function exactKey(encoded: string, revoked: boolean): TrustedKey {
  const wanted = Buffer.from(encoded, 'base64')
  return { type: keyType(wanted), matches: (key) => Buffer.compare(key, wanted) === 0, revoked }
}

function matchesHost(patterns: string, host: string, port: number): boolean {
  const name = port === 22 ? host : `[${host}]:${port}`
  if (patterns.startsWith('|1|')) return matchesHashed(patterns, name)
  const all = patterns.split(',')
  const matches = (pattern: string) => glob(pattern).test(name)
  if (all.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false
  return all.some((pattern) => !pattern.startsWith('!') && matches(pattern))
}

function matchesHashed(entry: string, name: string): boolean {
  const [, , salt = '', hash = ''] = entry.split('|')
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i')
}
