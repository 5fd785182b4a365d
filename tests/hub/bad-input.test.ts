import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Launcher, LocalStorageDriver, MemoryDriver, Setup } from '@onitu/test-utils'
import { afterAll, describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'

describe('a setup that cannot be used', () => {
  const setup = new Setup()
  setup.add(new LocalStorageDriver('left'))
  const launcher = new Launcher(setup)
  afterAll(() => setup.clean())

  const refused = async (text: string, fileName = 'setup.yml') => {
    setup.text = text
    setup.fileName = fileName
    await setup.save()
    const result = await launcher.run('start')
    expect(result.status, result.stderr).toBe(1)
    expect(await launcher.strayProcesses()).toEqual([])
    return result.stderr
  }

  test('names all its problems with their places before anything starts', async () => {
    const text = [
      'name: "a:b"',
      'folders:',
      '  docs: { colour: red }',
      'services:',
      '  left:',
      '    driver: no-such-driver',
      '    folders: { docs: ./left }',
      '  right:',
      '    driver: local-storage',
      '    options: { velocity: fast, sped: 1 }',
      '    folders: { docs: ./right, missing: ./missing }',
      'rules:',
      '  - { match: { path: / }, sync: [nobody] }',
    ].join('\n')
    const stderr = await refused(text)
    for (const [line, word] of [
      [1, 'a:b'],
      [3, 'colour'],
      [6, 'no-such-driver'],
      [10, 'velocity'],
      [10, 'sped'],
      [11, 'missing'],
      [13, 'nobody'],
    ]) {
      const place = stderr
        .split('\n')
        .find((each) => each.includes(`line ${line}, column`) && each.includes(String(word)))
      expect(place, `line ${line} about ${word} in:\n${stderr}`).toBeDefined()
    }
  })

  test('names two folders of a service that are inside each other', async () => {
    const folders = { docs: './data', inner: './data/inner' }
    const services = { left: { driver: 'local-storage', folders } }
    const written = JSON.stringify({ name: 'nested', folders: { docs: {}, inner: {} }, services })
    const stderr = await refused(written, 'setup.json')
    expect(stderr).toMatch(/inside|contains/)
  })

  test.each([
    ['YAML', 'setup.yml', 'name: [unclosed', /line \d, column \d+/],
    ['JSON', 'setup.json', '{"foo": "bar', /line 1, column \d+/],
    ['a type', 'setup.yml', '- a list', /line 1, column 1/],
  ])('names the place of what is wrong in %s', async (_title, fileName, text, place) => {
    const stderr = await refused(text, fileName)
    expect(stderr).toContain(setup.file)
    expect(stderr).toMatch(place)
  })

  test('is found by onitu check too', async () => {
    setup.text = 'name: x\nservices: 7\n'
    setup.fileName = 'setup.yml'
    await setup.save()
    const { status, stderr } = await launcher.run('check')
    expect(status).toBe(1)
    expect(stderr).toContain('services')
  })

  test('is accepted by onitu check when nothing is wrong', async () => {
    setup.text = undefined
    setup.fileName = 'setup.json'
    await setup.save()
    expect(await launcher.run('check')).toMatchObject({ status: 0 })
  })
})

describe('a session that is running', () => {
  const hub = sharedHub(twoFolders())

  test('refuses a second onitu, which says so and ends with 1', async () => {
    const { status, stderr, stdout } = await hub().launcher.run('start')
    expect(status).toBe(1)
    expect(stderr + stdout).toMatch(/already/)
    expect(hub().launcher.running).toBe(true)
  })

  test('runs beside a session of another name', async () => {
    const other = new Setup()
    const launcher = new Launcher(other)
    try {
      const service = other.add(new MemoryDriver('other'))
      await launcher.start()
      await service.generate(service.path('default', 'file'), 10)
      await launcher.settle()
      await hub().launcher.settle()
    } finally {
      await launcher.close()
      await other.clean()
    }
  })

  test('refuses to start, stop or restart a service that there is not', async () => {
    for (const action of ['start', 'stop', 'restart']) {
      const { status, stderr } = await hub().launcher.run('service', action, 'nobody')
      expect(status).not.toBe(0)
      expect(stderr).toContain('nobody')
    }
  })

  test('shows a service that was stopped, and goes on after it is started', async () => {
    const { launcher, services, setup } = hub()
    expect(await launcher.run('service', 'stop', 'right')).toMatchObject({ status: 0 })
    mkdirSync(join(setup.folder, 'left', 'default', 'new'), { recursive: true })
    writeFileSync(services.left.path('default', 'new/file'), 'made while right was stopped')
    const { stdout } = await launcher.run('status')
    expect(stdout).toMatch(/right.*stopped/)
    expect(await launcher.run('service', 'start', 'right')).toMatchObject({ status: 0 })
    await launcher.settle()
    expect(await services.right.exists(services.right.path('default', 'new/file'))).toBe(true)
  })
})

test('the commands say that nothing runs when nothing runs', async () => {
  const setup = new Setup()
  setup.add(new LocalStorageDriver('left'))
  await setup.save()
  const launcher = new Launcher(setup)
  try {
    for (const command of [['status'], ['wait'], ['service', 'stop', 'left']]) {
      const { status, stderr } = await launcher.run(...command)
      expect(status).toBe(3)
      expect(stderr).toMatch(/not running/)
    }
  } finally {
    await setup.clean()
  }
})
