import { describe, expect, it } from 'vitest'
import { driverCandidates } from './driver-candidates.ts'
import { absolutePath } from './folder-paths.ts'

describe('driverCandidates', () => {
  it.each([
    ['local-storage', ['@onitu/driver-local-storage', 'local-storage']],
    ['local_storage', ['@onitu/driver-local-storage', 'local_storage']],
    ['onitu-driver-x', ['@onitu/driver-onitu-driver-x', 'onitu-driver-x']],
    ['@me/driver', ['@me/driver']],
    ['./driver.js', ['./driver.js']],
    ['/opt/driver.js', ['/opt/driver.js']],
  ])('%s may be %j', (name, expected) => {
    expect(driverCandidates(name)).toEqual(expected)
  })
})

describe('absolutePath', () => {
  it.each([
    ['~', '/home/me'],
    ['~/docs', '/home/me/docs'],
    ['~other', '/setup/~other'],
    ['./a/../b', '/setup/b'],
    ['/abs', '/abs'],
  ])('%s is %s', (path, expected) => {
    expect(absolutePath(path, '/setup', '/home/me')).toBe(expected)
  })
})
