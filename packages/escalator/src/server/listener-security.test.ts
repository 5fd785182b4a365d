import { describe, expect, it } from 'vitest'
import { listenerSecurity } from './listener-security.ts'

describe('the security of a listener', () => {
  it.each([
    'ipc:///run/escalator.sock',
    'ipc://*',
    'tcp://127.0.0.1:4224',
    'tcp://127.9.9.9:*',
    'tcp://localhost:4224',
    'tcp://[::1]:4224',
  ])('needs no keys at %s', (address) => {
    expect(listenerSecurity(address, false)).toBe('none')
  })

  it.each([
    'tcp://*:4224',
    'tcp://0.0.0.0:4224',
    'tcp://[::]:4224',
    'tcp://192.168.1.1:4224',
    'tcp://eth0:4224',
    'tcp://lo:4224',
    'tcp://127.0.0.1.example.com:4224',
    'tcp://localhost.example.com:4224',
    'tcp://[::1]x:4224',
    'tcp://1270.0.0.1:4224',
    'tcp://4224',
  ])('needs keys at %s', (address) => {
    expect(() => listenerSecurity(address, false)).toThrow(expect.objectContaining({ code: 'KEYS_REQUIRED' }))
    expect(listenerSecurity(address, true)).toBe('curve')
  })

  it('uses the keys on loopback too, and not in the file system', () => {
    expect(listenerSecurity('tcp://127.0.0.1:4224', true)).toBe('curve')
    expect(listenerSecurity('ipc:///run/escalator.sock', true)).toBe('none')
  })

  it.each(['127.0.0.1:4224', 'udp://127.0.0.1:1', 'http://localhost', ''])('does not know %j', (address) => {
    expect(() => listenerSecurity(address, true)).toThrow(expect.objectContaining({ code: 'BIND_FAILED' }))
  })
})
