import { describe, expect, it } from 'vitest'
import { FileLocks } from './file-locks.ts'

describe('FileLocks', () => {
  it('lets tasks that share a file run one after the other, in the order of their calls', async () => {
    const locks = new FileLocks()
    const log: string[] = []
    const task = (name: string, fids: string[]) =>
      locks.hold(fids, async () => {
        log.push(`${name} begins`)
        await Promise.resolve()
        log.push(`${name} ends`)
      })
    await Promise.all([task('1', ['a', 'b']), task('2', ['b', 'c']), task('3', ['c', 'a'])])
    expect(log).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'])
    expect(locks.isBusy('a')).toBe(false)
  })

  it('frees the files after a failure', async () => {
    const locks = new FileLocks()
    await expect(locks.hold(['a'], () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(locks.isBusy('a')).toBe(false)
  })

  it('keeps some of its files when it frees the others, and nobody in line overtakes it there', async () => {
    const locks = new FileLocks()
    const log: string[] = []
    const release = await locks.acquire(['a', 'b'])
    const next = [locks.hold(['a'], async () => void log.push('a')), locks.hold(['b'], async () => void log.push('b'))]
    release(['a'])
    await next[0]
    expect(log).toEqual(['a'])
    release()
    await next[1]
    expect(log).toEqual(['a', 'b'])
    expect(locks.isBusy('b')).toBe(false)
  })
})
