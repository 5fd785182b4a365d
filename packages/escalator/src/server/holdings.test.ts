import { afterEach, describe, expect, it, vi } from 'vitest'
import { createHoldings, type Holdings } from './holdings.ts'

interface Thing {
  closed: number
  close(): Promise<void>
}

function thing(): Thing {
  const made = {
    closed: 0,
    async close() {
      made.closed++
    },
  }
  return made
}

let open: Holdings<Thing> | undefined
afterEach(() => open?.close())

function create(holding?: (peer: string) => void): Holdings<Thing> {
  open = createHoldings<Thing>({ name: 'Thing', goneCode: 'GONE', ...(holding === undefined ? {} : { holding }) })
  return open
}

describe('holdings', () => {
  it('keep things apart by client and number', async () => {
    const holdings = create()
    const [one, two, other] = [thing(), thing(), thing()]
    holdings.add('a', 1, Promise.resolve(one))
    holdings.add('a', 2, Promise.resolve(two))
    holdings.add('b', 1, Promise.resolve(other))
    expect(await Promise.all([holdings.use('a', 1), holdings.use('a', 2), holdings.use('b', 1)])).toEqual([
      one,
      two,
      other,
    ])
    await expect(holdings.use('b', 2)).rejects.toMatchObject({ code: 'GONE' })
    await holdings.endPeer('a')
    expect([one.closed, two.closed, other.closed, holdings.size]).toEqual([1, 1, 0, 1])
  })

  it('tell when a client begins and ceases to hold anything', async () => {
    const holding = vi.fn()
    const holdings = create(holding)
    holdings.add('a', 1, Promise.resolve(thing()))
    holdings.add('a', 2, Promise.resolve(thing()))
    await holdings.end('a', 1)
    expect(holding).toHaveBeenCalledTimes(1)
    await holdings.end('a', 2)
    await holdings.end('a', 2)
    expect(holding.mock.calls).toEqual([['a'], ['a']])
    expect(holdings.has('a')).toBe(false)
  })

  it('refuse a number that is taken, and close what came with it', async () => {
    const holdings = create()
    const [first, second] = [thing(), thing()]
    holdings.add('a', 1, Promise.resolve(first))
    expect(() => holdings.add('a', 1, Promise.resolve(second))).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
    expect(await holdings.use('a', 1)).toBe(first)
    await vi.waitFor(() => expect(second.closed).toBe(1))
  })

  it('refuse more from one client than it may hold, and still serve others', () => {
    const holdings = create()
    for (let id = 0; id < 1_000; id++) holdings.add('a', id, Promise.resolve(thing()))
    const more = () => holdings.add('a', 1_000, Promise.resolve(thing()))
    expect(more).toThrow(expect.objectContaining({ code: 'TOO_MANY_OPEN', retryable: true }))
    holdings.add('b', 1, Promise.resolve(thing()))
    expect(holdings.size).toBe(1_001)
  })

  it('free what could not be opened', async () => {
    const holdings = create()
    holdings.add('a', 1, Promise.reject(new Error('no')))
    await expect(holdings.use('a', 1)).rejects.toThrow('no')
    await holdings.end('a', 1)
    expect(holdings.size).toBe(0)
  })
})
