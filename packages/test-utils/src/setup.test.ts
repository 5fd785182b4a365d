import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalStorageDriver } from './local-storage-driver.ts'
import { Rule } from './rule.ts'
import { Setup } from './setup.ts'

describe('a setup', () => {
  test('is written with its services, the folders that they have, and its rules', async () => {
    const setup = new Setup({ docs: { blacklist: ['*.tmp'] } })
    try {
      const folders = { docs: { mode: 'r' as const }, other: { path: 'elsewhere' } }
      setup.add(new LocalStorageDriver('left', { folders, chunkSize: 4 }))
      setup.addRule(new Rule().matchPath('/a').sync('left'))
      await setup.save()
      expect(JSON.parse(readFileSync(setup.file, 'utf8'))).toEqual({
        name: setup.name,
        folders: { docs: { blacklist: ['*.tmp'] }, other: {} },
        services: {
          left: {
            driver: 'local-storage',
            options: { chunk_size: 4 },
            folders: {
              docs: { mode: 'r', path: join(setup.folder, 'left/docs') },
              other: { path: join(setup.folder, 'left/elsewhere') },
            },
          },
        },
        rules: [{ match: { path: '/a' }, sync: ['left'] }],
      })
    } finally {
      await setup.clean()
    }
    expect(existsSync(setup.folder)).toBe(false)
  })

  test('is written as its text says when that is set', async () => {
    const setup = new Setup()
    try {
      setup.text = '{"foo": bar}'
      await setup.save()
      expect(readFileSync(setup.file, 'utf8')).toBe('{"foo": bar}')
    } finally {
      await setup.clean()
    }
  })

  test('refuses two services of one name', async () => {
    const setup = new Setup()
    try {
      setup.add(new LocalStorageDriver('left'))
      expect(() => setup.add(new LocalStorageDriver('left'))).toThrow(TypeError)
    } finally {
      await setup.clean()
    }
  })
})
