import { describe, expect, it } from 'vitest'
import { checkClientShape } from './check-client-shape.ts'

const good = {
  server: { address: 'hub.example.org', key: 'hub.pub' },
  key: 'laptop.key',
  driver: 'local-storage',
  folders: { docs: '~/docs', photos: { path: 'photos', mode: 'r', blacklist: ['*.raw'] } },
}

const problems = (change: object) =>
  checkClientShape({ ...good, ...change }).problems.map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('the setup of a client', () => {
  it('has the ports of a hub by default', () => {
    const { written, problems: none } = checkClientShape(good)
    expect(none).toEqual([])
    expect(written.server).toEqual({
      requests: 'tcp://hub.example.org:20001',
      handlers: 'tcp://hub.example.org:20003',
      key: 'hub.pub',
    })
    expect(written.folders.get('photos')).toEqual({ path: 'photos', options: { mode: 'r', blacklist: ['*.raw'] } })
  })

  it('may name other ports, and an IPv6 address', () => {
    const server = { address: '::1', key: 'x', requests: 1, handlers: 2 }
    expect(checkClientShape({ ...good, server }).written.server).toMatchObject({
      requests: 'tcp://[::1]:1',
      handlers: 'tcp://[::1]:2',
    })
  })

  it.each<[object, string]>([
    [{ server: null }, 'server.address: expected the name or the IP address of the hub, got nothing'],
    [
      { server: { ...good.server, address: 'hub:20001' } },
      'server.address: expected a name or an IP address without port, got the text "hub:20001"',
    ],
    [
      { server: { ...good.server, address: 'tcp://hub' } },
      'server.address: expected a name or an IP address without port, got the text "tcp://hub"',
    ],
    [
      { server: { ...good.server, port: 5 } },
      'server.port: unknown option "port"; known: address, requests, handlers, key',
    ],
    [
      { key: undefined },
      'key: expected the file with the secret key of this client (`onitu keys generate` makes one), got nothing',
    ],
    [{ folders: {} }, 'folders: expected at least one folder, got none'],
    [{ folders: { 'a/b': 'x' } }, 'folders.a/b: the folder name "a/b" may not contain ":", "/" or "\\"'],
    [
      { folders: { docs: { path: 'x', modes: 'r' } } },
      'folders.docs.modes: unknown option "modes", did you mean "mode"?',
    ],
    [{ folders: { docs: { path: 'x', mode: 'x' } } }, 'folders.docs.mode: expected r, w or rw'],
    [{ rules: [{ match: { pth: 'x' } }] }, 'rules.0.match.pth: unknown key "pth"'],
    [{ rule: [] }, 'rule: unknown key "rule", did you mean "rules"?'],
  ])('%j is refused', (change, problem) => {
    expect(problems(change)[0]).toBe(problem)
  })
})
