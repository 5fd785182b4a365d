import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { waitUntil } from '@onitu/test-utils'
import { expect, test } from 'vitest'
import { openSocket } from '../src/connection/open-socket.ts'

test('what was read stays as it came while more is read', async () => {
  const sent = Buffer.alloc(8 * 1024 * 1024)
  for (let at = 0; at < sent.byteLength; at += 4) sent.writeUInt32BE(at, at)
  const server = createServer((client) => client.end(sent)).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { socket } = openSocket('127.0.0.1', port)
    const kept: Buffer[] = []
    socket.on('data', (piece: Buffer) => kept.push(piece))
    await once(socket, 'end')
    expect(Buffer.concat(kept).equals(sent)).toBe(true)
  } finally {
    server.close()
  }
})

test('nothing comes while it is paused, and nothing is lost by that', async () => {
  const server = createServer((client) => client.end('all of it')).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { socket } = openSocket('127.0.0.1', port)
    socket.pause()
    await once(socket, 'connect')
    const kept: Buffer[] = []
    setImmediate(() => {
      socket.on('data', (piece: Buffer) => kept.push(piece))
      socket.resume()
    })
    await once(socket, 'end')
    expect(Buffer.concat(kept).toString()).toBe('all of it')
  } finally {
    server.close()
  }
})

test('what is written in one turn arrives as it was written, and does not wait for the next', async () => {
  const got: Buffer[] = []
  const server = createServer((client) => client.on('data', (piece) => got.push(piece))).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { socket } = openSocket('127.0.0.1', port)
    await once(socket, 'connect')
    const pieces = Array.from({ length: 100 }, (_, at) => Buffer.alloc(at % 3 === 1 ? 5_000 : 4, at))
    for (const piece of pieces) socket.write(piece)
    socket.write('the end', 'latin1')
    const all = Buffer.concat([...pieces, Buffer.from('the end')])
    await waitUntil(() => Buffer.concat(got).byteLength >= all.byteLength, { timeout: 10_000, what: 'not all arrived' })
    expect(Buffer.concat(got).equals(all)).toBe(true)
    socket.end('and this')
    await once(socket, 'close')
    expect(Buffer.concat(got).toString('latin1').endsWith('the endand this')).toBe(true)
  } finally {
    server.close()
  }
})
