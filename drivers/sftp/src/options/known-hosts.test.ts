import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { fingerprint, keyType, parseKnownHosts, parsePinnedKey } from './known-hosts.ts'

const encoded = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
const key = Buffer.from(encoded, 'base64')
const salt = Buffer.from('a salt of 20 bytes..')
const hashed = (name: string) =>
  `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`

test('tells the type and the fingerprint of a key', () => {
  expect(keyType(key)).toBe('ssh-ed25519')
  expect(fingerprint(key)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU')
})

test.each([
  [`ssh-ed25519 ${encoded} me@there`, true],
  [encoded, true],
  ['SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU', true],
  ['SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU=', true],
  ['SHA256:0000', false],
  [`ssh-ed25519 ${encoded.slice(0, -4)}AAAA`, false],
])('a pinned key %s matches: %s', (text, matches) => {
  expect(parsePinnedKey(text)?.matches(key)).toBe(matches)
})

test('what is neither a key nor a fingerprint is no pinned key', () => {
  expect(parsePinnedKey('yes')).toBeUndefined()
})

test.each([
  [`example.org ssh-ed25519 ${encoded}`, 'example.org', 22, true],
  [`Example.org,10.0.0.1 ssh-ed25519 ${encoded}`, '10.0.0.1', 22, true],
  [`example.org ssh-ed25519 ${encoded}`, 'example.org', 2222, false],
  [`[example.org]:2222 ssh-ed25519 ${encoded}`, 'example.org', 2222, true],
  [`*.org,!evil.org ssh-ed25519 ${encoded}`, 'example.org', 22, true],
  [`*.org,!evil.org ssh-ed25519 ${encoded}`, 'evil.org', 22, false],
  [`exampleXorg ssh-ed25519 ${encoded}`, 'example.org', 22, false],
  [`${hashed('example.org')} ssh-ed25519 ${encoded}`, 'example.org', 22, true],
  [`${hashed('[example.org]:2222')} ssh-ed25519 ${encoded}`, 'example.org', 2222, true],
  [`${hashed('other.org')} ssh-ed25519 ${encoded}`, 'example.org', 22, false],
  [`# example.org ssh-ed25519 ${encoded}`, 'example.org', 22, false],
  [`@cert-authority *.org ssh-ed25519 ${encoded}`, 'example.org', 22, false],
])('%s has a key for %s port %i: %s', (line, host, port, found) => {
  expect(parseKnownHosts(`\n${line}\n`, host, port).some(({ matches }) => matches(key))).toBe(found)
})

test('a revoked key is known as such', () => {
  expect(parseKnownHosts(`@revoked * ssh-ed25519 ${encoded}`, 'example.org', 22)).toMatchObject([{ revoked: true }])
})
