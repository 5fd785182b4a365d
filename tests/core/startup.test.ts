import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { twoMemoryServices } from '../support/two-memory-services.ts'

describe('startup', () => {
  test('starts every service and goes on running', () =>
    withHub(twoMemoryServices(), async ({ launcher }) => {
      expect(launcher.running).toBe(true)
      const { status, stdout } = await launcher.run('status', '--json')
      expect(status).toBe(0)
      expect(JSON.parse(stdout)).toBeTypeOf('object')
    }))

  test('SIGINT ends it with status 0 and leaves no process', () =>
    withHub(twoMemoryServices(), async ({ launcher }) => {
      expect(await launcher.quit()).toEqual({ status: 0, signal: null })
      expect(await launcher.strayProcesses()).toEqual([])
    }))

  test('names a setup file that does not exist and the error of opening it', () =>
    withHub(
      twoMemoryServices(),
      async ({ launcher, setup }) => {
        await launcher.start({ wait: false, save: false })
        expect(await launcher.wait()).toEqual({ status: 1, signal: null })
        expect(launcher.process.stderr).toContain(`Error parsing '${join(setup.folder, 'setup.json')}': ENOENT`)
      },
      { start: false },
    ))

  test('names the place where a setup file cannot be parsed', () =>
    withHub(
      twoMemoryServices(),
      async ({ launcher, setup }) => {
        setup.text = '{"foo": "bar'
        await launcher.start({ wait: false })
        expect(await launcher.wait()).toEqual({ status: 1, signal: null })
        expect(launcher.process.stderr).toContain(`Error parsing '${setup.file}': `)
        expect(launcher.process.stderr).toMatch(/line 1, column \d+/)
      },
      { start: false },
    ))
})
