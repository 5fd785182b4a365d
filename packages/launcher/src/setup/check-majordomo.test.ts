import { describe, expect, it } from 'vitest'
import { majordomoDefaults } from './check-majordomo.ts'
import { checkShape } from './check-shape.ts'

const setup = (majordomo: unknown, more: object = {}) => ({
  name: 'home',
  folders: { docs: null },
  services: { left: { driver: 'local-storage', folders: { docs: 'a' } } },
  majordomo,
  ...more,
})

const problems = (value: unknown) =>
  checkShape(value).problems.map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('the section majordomo', () => {
  it('may be empty, or not be there', () => {
    expect(checkShape(setup(null)).written.majordomo).toEqual(majordomoDefaults)
    const { majordomo, ...without } = setup(null)
    expect(checkShape(without).written.majordomo).toBeUndefined()
  })

  it('takes what is written', () => {
    const written = {
      bind: '192.168.1.2',
      requests: 4001,
      handlers: 4002,
      services: ['laptop'],
      heartbeat: '1s',
      limits: { clients: 3, memory: '16Mi' },
    }
    expect(problems(setup(written))).toEqual([])
    expect(checkShape(setup(written)).written.majordomo).toEqual({
      ...written,
      heartbeat: 1000,
      limits: { clients: 3, memory: 16 * 1024 * 1024 },
    })
  })

  it.each<[unknown, string]>([
    ['yes', 'majordomo: expected a map of options, got the text "yes"'],
    [
      { port: 1 },
      'majordomo.port: unknown option "port"; known: bind, requests, handlers, services, heartbeat, limits',
    ],
    [{ request: 1 }, 'majordomo.request: unknown option "request", did you mean "requests"?'],
    [
      { bind: 'example.org' },
      'majordomo.bind: expected an IP address of this machine, or "*" for all, got the text "example.org"',
    ],
    [{ requests: 0 }, 'majordomo.requests: expected a port between 1 and 65535, got the number 0'],
    [{ handlers: '20003' }, 'majordomo.handlers: expected a port between 1 and 65535, got the text "20003"'],
    [{ handlers: 20001 }, 'majordomo.handlers: expected another port than that of requests, got 20001 for both'],
    [{ services: ['a:b'] }, 'majordomo.services.0: the service name "a:b" may not contain ":", "/" or "\\"'],
    [{ services: 'laptop' }, 'majordomo.services: expected a list of names of services, got the text "laptop"'],
    [{ services: ['left'] }, 'services.left: a service of this setup cannot be one of majordomo.services too'],
    [{ heartbeat: 5 }, 'majordomo.heartbeat: expected a time between 0.1s and 60s such as 5s, got the number 5'],
    [
      { limits: { memory: '1M' } },
      'majordomo.limits.memory: expected a size of at least 8Mi such as 64Mi, got the text "1M"',
    ],
    [{ limits: { client: 1 } }, 'majordomo.limits.client: unknown limit "client", did you mean "clients"?'],
  ])('%j is refused', (written, problem) => {
    expect(problems(setup(written))).toEqual([problem])
  })

  it('lets rules and conflicts name services of clients', () => {
    const more = { rules: [{ sync: ['left', 'laptop'] }], folders: { docs: { conflict: ['laptop'] } } }
    expect(problems(setup({ services: ['laptop'] }, more))).toEqual([])
    expect(problems(setup(null, more))).toHaveLength(2)
  })

  it('lets a setup be without services of its own', () => {
    expect(problems(setup(null, { services: {} }))).toEqual([])
    expect(problems({ ...setup(null, { services: {} }), majordomo: undefined })).toEqual([])
  })
})
