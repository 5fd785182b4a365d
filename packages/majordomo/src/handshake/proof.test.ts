import { generateKeyPair } from '@onitu/escalator/messaging'
import { describe, expect, it } from 'vitest'
import { Challenger, createRoutingId, prove } from './proof.ts'

let now = 0
const challenger = new Challenger(() => now)
const client = generateKeyPair()
const id = Buffer.from(createRoutingId())

describe('the proof of a key', () => {
  const challenge = challenger.challenge(id, client.publicKey)
  const proof = prove(client.secretKey, challenge, id)
  const isProven = (change: Partial<{ id: Buffer; key: string; cookie: Uint8Array; proof: Uint8Array }> = {}) =>
    challenger.isProven(
      change.id ?? id,
      change.key ?? client.publicKey,
      change.cookie ?? challenge.cookie,
      change.proof ?? proof,
    )

  it('is accepted for the routing id and the key that it was made for', () => {
    expect(isProven()).toBe(true)
  })

  it('is of no use for another routing id, another key, another challenger', () => {
    const other = generateKeyPair()
    expect(isProven({ id: Buffer.from(createRoutingId()) })).toBe(false)
    expect(isProven({ key: other.publicKey })).toBe(false)
    expect(new Challenger(() => 0).isProven(id, client.publicKey, challenge.cookie, proof)).toBe(false)
  })

  it('cannot be made without the secret key', () => {
    const other = generateKeyPair()
    expect(isProven({ proof: prove(other.secretKey, challenge, id) })).toBe(false)
    expect(isProven({ proof: new Uint8Array(32) })).toBe(false)
    expect(isProven({ cookie: new Uint8Array(40) })).toBe(false)
    expect(isProven({ cookie: new Uint8Array(3) })).toBe(false)
  })

  it('has its time', () => {
    now = 40_000
    expect(isProven()).toBe(false)
    now = 0
  })
})
