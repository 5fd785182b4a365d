import { describe, expect, it } from 'vitest'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'

describe('an address', () => {
  it.each([
    ['ipc:///tmp/a b/socket', { path: '/tmp/a b/socket' }],
    ['ipc://@abstract', { path: '\0abstract' }],
    ['tcp://127.0.0.1:4224', { host: '127.0.0.1', port: 4224 }],
    ['tcp://[::1]:4224', { host: '::1', port: 4224 }],
    ['tcp://localhost:0', { host: 'localhost', port: 0 }],
  ])('%s is read, and written again', (address, endpoint) => {
    expect(parseEndpoint(address)).toEqual(endpoint)
    expect(formatEndpoint(endpoint)).toBe(address)
  })

  it('may leave the choice of the port to the system', () => {
    expect(parseEndpoint('tcp://127.0.0.1:*')).toEqual({ host: '127.0.0.1', port: 0 })
    expect(parseEndpoint('tcp://*:1')).toEqual({ host: '0.0.0.0', port: 1 })
  })

  it.each(['inproc://x', 'tcp://host', 'tcp://host:70000', 'ipc://', 'udp://a:1', ''])('%j is none', (address) => {
    expect(parseEndpoint(address)).toBeUndefined()
  })
})
