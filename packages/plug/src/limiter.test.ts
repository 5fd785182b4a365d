import { describe, expect, it } from 'vitest'
import { deferred } from './deferred.ts'
import { Limiter, type LimiterOptions } from './limiter.ts'

describe('Limiter', () => {
  /** Tasks that end when they are told to, and the order in which they have begun. */
  function tasks(limiter: Limiter) {
    const begun: string[] = []
    const ends = new Map<string, () => void>()
    const run = (name: string, weight = 1, options: LimiterOptions = {}) => {
      const end = deferred<void>()
      ends.set(name, () => end.resolve())
      const task = () => {
        begun.push(name)
        return end.promise
      }
      return limiter.run(weight, task, options)
    }
    return { begun, run, end: (name: string) => ends.get(name)?.() }
  }

  it('runs as many as fit, and the others in their order', async () => {
    const { begun, run, end } = tasks(new Limiter(2))
    const [first] = [run('a'), run('b'), run('c'), run('d')]
    expect(begun).toEqual(['a', 'b'])
    end('a')
    await first
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  it('runs what is too heavy alone', async () => {
    const { begun, run, end } = tasks(new Limiter(2))
    const first = run('a')
    const heavy = run('heavy', 5)
    run('b')
    expect(begun).toEqual(['a'])
    end('a')
    await first
    expect(begun).toEqual(['a', 'heavy'])
    end('heavy')
    await heavy
    expect(begun).toEqual(['a', 'heavy', 'b'])
  })

  it('has what is next go before all that wait, when there is room', async () => {
    const { begun, run, end } = tasks(new Limiter(1))
    const first = run('a')
    run('b')
    const next = run('next', 1, { isNext: true })
    expect(begun).toEqual(['a'])
    end('a')
    await first
    expect(begun).toEqual(['a', 'next'])
    end('next')
    await next
    expect(begun).toEqual(['a', 'next', 'b'])
  })

  it('goes on after a task that fails', async () => {
    const limiter = new Limiter(1)
    await expect(limiter.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(limiter.running).toBe(0)
    expect(await limiter.run(1, () => Promise.resolve('yes'))).toBe('yes')
  })
})
