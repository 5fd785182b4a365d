import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ended, type RunOptions, run, runUnread, startServing } from './cli-support.ts'
import { client, serve, temporaryDirectory } from './support.ts'

/** A server in this process, and the command line against it. */
async function cli() {
  const server = await serve()
  const escalator = (parameters: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    run(parameters, { ...options, env: { ESCALATOR_ADDRESS: server.address } })
  return { server, escalator, database: await client(server.address) }
}

const done = (stdout: string): Ended => ({ status: 0, stdout, stderr: '' })

describe('escalator serve', () => {
  it('says where it listens, serves until SIGTERM, and keeps what was written', async () => {
    const directory = await temporaryDirectory()
    const address = `ipc://${directory}/escalator.sock`
    for (const value of [1, 2]) {
      const { child, ended } = await startServing(['--dir', directory])
      const database = await client(address)
      expect(await database.get('key', { default: 1 })).toBe(value)
      await database.put('key', value + 1)
      await database.close()
      child.kill('SIGTERM')
      expect(await ended).toEqual(done(`Serving the databases in ${directory} at ${address}\nStopped\n`))
    }
  })

  it('stops on SIGINT, at the address that --bind names', async () => {
    const directory = await temporaryDirectory()
    const { child, ended, output } = await startServing(['--dir', directory, '--bind', 'tcp://127.0.0.1:*'])
    const [address] = output().stdout.match(/tcp:\/\/127\.0\.0\.1:\d+/) ?? []
    expect((await run(['put', 'a', '1', '--address', address ?? ''])).status).toBe(0)
    child.kill('SIGINT')
    expect((await ended).status).toBe(0)
  })

  it('keeps to the limits that its flags set', async () => {
    const directory = await temporaryDirectory()
    const address = `ipc://${directory}/limits`
    await startServing([
      ...['--dir', directory, '--bind', address, '--max-value', '1k', '--max-key', '10', '--max-request', '1Mi'],
      ...['--watch-log', '1Mi', '--max-open-files', '100'],
    ])
    const put = (key: string, input: string) => run(['put', key, '--raw', '--address', address], { input })
    expect(await put('a', 'x'.repeat(1_000))).toMatchObject({ status: 0 })
    expect(await put('a', 'x'.repeat(1_001))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching('VALUE_TOO_LARGE'),
    })
    expect(await put('a'.repeat(11), 'x')).toMatchObject({ status: 1, stderr: expect.stringMatching('KEY_TOO_LARGE') })
    expect(await run(['serve', '--dir', directory, '--max-value', 'much'])).toMatchObject({ status: 2 })
    expect(await run(['serve', '--dir', directory, '--max-value', '1Gi'])).toMatchObject({ status: 2 })
  })

  it('takes no socket from another server', async () => {
    const directory = await temporaryDirectory()
    await startServing(['--dir', join(directory, 'one'), '--bind', `ipc://${directory}/socket`])
    const second = ['serve', '--dir', join(directory, 'two'), '--bind']
    const taken = await run([...second, `ipc://${directory}/socket`])
    expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining('listens at') })
    expect((await run(['put', 'a', '1', '--address', `ipc://${directory}/socket`])).status).toBe(0)
  })

  it('says which address cannot be used', async () => {
    const directory = await temporaryDirectory()
    const { status, stderr } = await run(['serve', '--dir', directory, '--bind', `ipc://${directory}/no/where`])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^escalator: Cannot listen on ipc:.*no\/where: .*\(BIND_FAILED\)\n$/)
  })
})

describe('escalator stats', () => {
  it('shows what the server does, for people and for programs', async () => {
    const { escalator, database } = await cli()
    await database.put('a', 1)
    expect((await escalator(['stats'])).stdout).toMatch(/^Up for [\s\S]*2 connections[\s\S]*\ndefault +1 /)
    const { stdout } = await escalator(['stats', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ connections: 2, ranges: 0, databases: { default: { requests: 1 } } })
  })
})

describe('escalator put and get', () => {
  it('take and give JSON', async () => {
    const { escalator, database } = await cli()
    expect(await escalator(['put', 'key', '{"a":[1,"é",{"$bytes":"AP8="}]}', '--sync'])).toEqual(done(''))
    expect(await database.get('key')).toEqual({ a: [1, 'é', Buffer.from([0, 255])] })
    const { stdout } = await escalator(['get', 'key'])
    expect(Buffer.from(stdout, 'latin1').toString()).toBe('{"a":[1,"é",{"$bytes":"AP8="}]}\n')
  })

  it('take a value from stdin, and bytes as they are with --raw', async () => {
    const { escalator, database } = await cli()
    await escalator(['put', 'json'], { input: ' [1] \n' })
    expect(await database.get('json')).toEqual([1])
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    await escalator(['put', 'raw', '--raw'], { input: bytes })
    expect(await database.get('raw', { raw: true })).toEqual(bytes)
    expect(Buffer.from((await escalator(['get', 'raw', '--raw'])).stdout, 'latin1')).toEqual(Buffer.from(bytes))
  })

  it('work in the database and under the prefix that are named', async () => {
    const { escalator, database } = await cli()
    await escalator(['put', 'key', '1', '--database', 'other', '--prefix', 'a:'])
    const other = await database.database('other', { create: false })
    expect(await other.get('a:key')).toBe(1)
    expect((await escalator(['get', 'a:key', '--database', 'other'])).stdout).toBe('1\n')
  })
})

describe('escalator del', () => {
  it('deletes several keys, and does not mind absent ones', async () => {
    const { escalator, database } = await cli()
    await database.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: key })))
    expect(await escalator(['del', 'a', 'c', 'nothing'])).toEqual(done(''))
    expect(await database.keys().all()).toEqual(['b'])
  })
})

describe('escalator range', () => {
  it.each([
    [[], 'a\t0\nb\t1\nc\t2\nd\t3\n'],
    [['--start', 'b', '--stop', 'd'], 'b\t1\nc\t2\n'],
    [['--start', 'b', '--stop', 'd', '--exclude-start', '--include-stop'], 'c\t2\nd\t3\n'],
    [['--reverse', '--limit', '2', '--keys'], 'd\nc\n'],
    [['--values', '--start', 'c'], '2\n3\n'],
    [['--json', '--limit', '1'], '{"key":"a","value":0}\n'],
    [['--json', '--keys', '--limit', '1'], '"a"\n'],
    [['--raw', '--limit', '1'], 'a\t{"$bytes":"AA=="}\n'],
    [['--start', 'x'], ''],
  ])('with %j shows these entries', async (parameters, expected) => {
    const { escalator, database } = await cli()
    await database.batch(['a', 'b', 'c', 'd'].map((key, value) => ({ type: 'put', key, value })))
    expect(await escalator(['range', ...parameters])).toEqual(done(expected))
  })

  it('ends quietly when nobody reads on', async () => {
    const { server, database } = await cli()
    const value = 'x'.repeat(1000)
    await database.batch(Array.from({ length: 5_000 }, (_, i) => ({ type: 'put', key: `k${i}`, value })))
    expect(await runUnread(['range', '--address', server.address])).toEqual({ status: 0, stderr: '' })
  })
})

describe('escalator batch', () => {
  it('writes all lines of stdin, of a range for instance', async () => {
    const { escalator, database } = await cli()
    const raw = new Uint8Array([0xc1])
    await database.put('a', raw, { raw: true })
    await database.put('b', { c: 1 })
    const { stdout: input } = await escalator(['range', '--json', '--raw'])
    const copy = ['batch', '--raw', '--database', 'copy', '--json', '--chunk', '1']
    expect(await escalator(copy, { input })).toEqual(done('{"written":2}\n'))
    const other = await database.database('copy')
    expect(await other.get('a', { raw: true })).toEqual(raw)
    expect(await other.get('b')).toEqual({ c: 1 })
  })

  it('writes nothing unless all checks hold', async () => {
    const { escalator, database } = await cli()
    await database.put('a', 1)
    const lines = (check: string) => `{"type":"del","key":"a"}\n{"key":"b","value":2}\n\n${check}\n`
    const refused = await escalator(['batch'], { input: lines('{"type":"check","key":"a","equals":2}') })
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('(CONDITION_FAILED)') })
    expect(await database.range().all()).toEqual([['a', 1]])
    const taken = await escalator(['batch'], { input: lines('{"type":"check","key":"b","absent":true}') })
    expect(taken).toEqual(done('2 operations written\n'))
    expect(await database.range().all()).toEqual([['b', 2]])
  })

  it('writes nothing when a line is wrong, and says which one', async () => {
    const { escalator, database } = await cli()
    const { status, stderr } = await escalator(['batch'], { input: '{"key":"a","value":1}\nnonsense\n' })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^escalator: Line 2 of stdin: .*\n$/)
    expect(await database.keys().all()).toEqual([])
  })
})

describe('what goes wrong is said in one line, with a status', () => {
  it.each<[string, string[], number, RegExp]>([
    ['a missing key', ['get', 'nope'], 1, /^escalator: There is no key "nope"\n$/],
    ['a missing database', ['range', '--database', 'nope'], 1, /^escalator: .*"nope".*\(DATABASE_NOT_FOUND\)\n$/],
    ['a bad name', ['put', 'a', '1', '--database', '../up'], 1, /^escalator: .*"\.\.\/up".*\(INVALID_NAME\)\n$/],
    ['a value that is not JSON', ['put', 'a', 'text'], 2, /^escalator: The value is not JSON.*--raw.*\n$/],
    ['an unknown command', ['gett', 'a'], 2, /unknown command 'gett'/],
    ['a missing argument', ['get'], 2, /missing required argument 'key'/],
    ['a limit that is none', ['range', '--limit', '-1'], 2, /expected a whole number from 1/],
    ['a timeout that is none', ['get', 'a', '--timeout', 'soon'], 2, /expected a number of seconds/],
    ['contradicting options', ['range', '--keys', '--values'], 2, /cannot be used with/],
  ])('%s', async (_, parameters, status, message) => {
    const { escalator } = await cli()
    const ended = await escalator(parameters)
    expect(ended).toEqual({ status, stdout: '', stderr: expect.stringMatching(message) })
  })

  it('a value that is not msgpack', async () => {
    const { escalator, database } = await cli()
    await database.put('a', new Uint8Array([0xc1]), { raw: true })
    const { status, stderr } = await escalator(['get', 'a'])
    expect([status, stderr]).toEqual([1, 'escalator: The value of "a" is not msgpack; read its bytes with --raw\n'])
  })

  it('a server that is not there, and none at all', async () => {
    const directory = await temporaryDirectory()
    const address = `ipc://${join(directory, 'nobody')}`
    const unreachable = await run(['get', 'a', '--address', address, '--timeout', '0.2'])
    expect(unreachable).toMatchObject({ status: 1, stderr: expect.stringContaining(`${address} could not be reached`) })
    const none = await run(['get', 'a'], { env: { ESCALATOR_ADDRESS: undefined } })
    expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('--address') })
  })
})

describe('escalator --help', () => {
  it('names the commands and the exit statuses', async () => {
    const { status, stdout } = await run(['--help'])
    expect(status).toBe(0)
    for (const word of ['serve', 'get', 'put', 'del', 'range', 'batch', 'Exit status']) expect(stdout).toContain(word)
  })
})
