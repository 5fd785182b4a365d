import { describe, expect, test } from 'vitest'
import { type Environment, proxyFor } from './proxy-for.ts'

const HERE = 'http://proxy.test:3128'
const portOf = (url: string, environment: Environment, setting = 'env') =>
  proxyFor(new URL(url), setting, environment)?.port

describe('the proxy that the environment names', () => {
  test.each<[string, string, Environment, number | undefined]>([
    ['none where nothing is set', 'https://s3.test', {}, undefined],
    ['https_proxy for https', 'https://s3.test', { https_proxy: 'http://p:1', http_proxy: 'http://p:2' }, 1],
    ['http_proxy for http', 'http://s3.test', { https_proxy: 'http://p:1', http_proxy: 'http://p:2' }, 2],
    ['no http_proxy for https', 'https://s3.test', { http_proxy: 'http://p:2', HTTP_PROXY: 'http://p:2' }, undefined],
    ['upper case too', 'https://s3.test', { HTTPS_PROXY: 'http://p:1' }, 1],
    ['upper case too, for http', 'http://s3.test', { HTTP_PROXY: 'http://p:1' }, 1],
    ['lower case first', 'https://s3.test', { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://p:2' }, 1],
    ['what is empty is not set', 'https://s3.test', { https_proxy: ' ', HTTPS_PROXY: 'http://p:2' }, 2],
    ['without a scheme', 'https://s3.test', { https_proxy: 'p:1' }, 1],
    ['without a port', 'https://s3.test', { https_proxy: 'http://p/' }, 80],
  ])('%s', (_, url, environment, port) => {
    expect(portOf(url, environment)).toBe(port)
  })

  test.each([
    'http://localhost:9000',
    'http://127.0.0.1:9000',
    'https://127.8.8.8',
    'http://[::1]:9000',
    'https://[::ffff:127.0.0.1]',
  ])('is not used for %s, which is this machine', (url) => {
    expect(portOf(url, { http_proxy: HERE, https_proxy: HERE })).toBeUndefined()
  })

  test.each<[string, string, boolean]>([
    ['*', 'https://s3.test', true],
    ['s3.test', 'https://s3.test', true],
    ['S3.Test', 'https://s3.test', true],
    ['test', 'https://s3.test', true],
    ['.test', 'https://s3.test', true],
    ['*.test', 'https://s3.test', true],
    ['.s3.test', 'https://s3.test', true],
    ['s3.test', 'https://s3.test.', true],
    ['3.test', 'https://s3.test', false],
    ['s3.test', 'https://as3.test', false],
    ['s3.test.org', 'https://s3.test', false],
    ['other, , s3.test ', 'https://s3.test', true],
    ['other s3.test', 'https://s3.test', true],
    ['s3.test:443', 'https://s3.test', true],
    ['s3.test:443', 'https://s3.test:9000', false],
    ['s3.test:9000', 'https://s3.test:9000', true],
    ['s3.test:80', 'http://s3.test', true],
    ['10.1.2.3', 'http://10.1.2.3:9000', true],
    ['10.1.2.3:9000', 'http://10.1.2.3:9000', true],
    ['10.1.2.3:9001', 'http://10.1.2.3:9000', false],
    ['2.3', 'http://10.1.2.3:9000', false],
    ['10.1.2.4', 'http://10.1.2.3:9000', false],
    ['10.0.0.0/8', 'http://10.1.2.3:9000', true],
    ['10.0.0.0/16', 'http://10.1.2.3:9000', false],
    ['10.0.0.0/99', 'http://10.1.2.3:9000', false],
    ['0.0.0.0/0', 'http://s3.test', false],
    ['fd00::1', 'http://[fd00::1]:9000', true],
    ['[fd00::1]:9000', 'http://[fd00::1]:9000', true],
    ['[fd00::1]:9001', 'http://[fd00::1]:9000', false],
    ['fd00::/8', 'http://[fd00::1]:9000', true],
    ['', 'https://s3.test', false],
    ['.', 'https://s3.test', false],
    ['[', 'https://s3.test', false],
  ])('no_proxy "%s" and %s: excepted is %s', (list, url, isExcepted) => {
    for (const name of ['no_proxy', 'NO_PROXY'])
      expect(portOf(url, { http_proxy: HERE, https_proxy: HERE, [name]: list })).toBe(isExcepted ? undefined : 3128)
  })
})

describe('the proxy of the option', () => {
  test('holds for every server, whatever the environment says', () => {
    const environment = { https_proxy: 'http://p:1', no_proxy: '*' }
    for (const url of ['https://s3.test', 'http://s3.test', 'http://127.0.0.1:9000'])
      expect(portOf(url, environment, HERE)).toBe(3128)
  })

  test.each(['none', '', 'false'])('"%s" is none, whatever the environment says', (setting) => {
    expect(portOf('https://s3.test', { https_proxy: HERE }, setting)).toBeUndefined()
  })
})

describe('the address of a proxy', () => {
  const read = (address: string) => proxyFor(new URL('https://s3.test'), address, {})

  test('has its credentials apart, and not in its name', () => {
    const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`
    expect(read('http://me:p%40ss:w%C3%B6rd@proxy.test:3128')).toEqual({
      host: 'proxy.test',
      port: 3128,
      name: 'the proxy proxy.test:3128 (option proxy)',
      authorization: basic('me:p@ss:wörd'),
    })
    expect(read('http://me@proxy.test:3128')?.authorization).toBe(basic('me:'))
    expect(read('http://[fd00::1]:3128')).toEqual({
      host: 'fd00::1',
      port: 3128,
      name: 'the proxy [fd00::1]:3128 (option proxy)',
    })
  })

  test.each([
    ['https://me:secret@proxy.test:3128', /https:\/\/ is not supported; expected http:\/\/HOST:PORT/],
    ['socks5://me:secret@proxy.test:1080', /socks5:\/\/ is not supported/],
    ['http://me:secret/more@proxy.test:3128', /no address/],
    ['http://me:12/secret@proxy.test:3128', /%2F/],
    ['http://me:12#secret@proxy.test:3128', /%23/],
    ['http://me:secret%zz@proxy.test:3128', /%25/],
    ['http://me%3Asecret:secret@proxy.test:3128', /colon/],
    ['me:secret@:3128', /no address/],
    ['http://me:secret@proxy.test:0', /port is 0/],
    ['http://me:secret@proxy.test:99999', /no address/],
  ])('%s is refused without a word of its password', (address, message) => {
    const refused = expect.objectContaining({
      code: 'BAD_OPTION',
      retryable: false,
      message: expect.not.stringContaining('secret'),
    })
    expect(() => read(address)).toThrow(refused)
    expect(() => read(address)).toThrow(message)
    expect(() => proxyFor(new URL('https://s3.test'), 'env', { HTTPS_PROXY: address })).toThrow(
      /of the environment variable HTTPS_PROXY cannot/,
    )
  })
})
