import { describe, expect, test } from 'vitest'
import { Lanes } from './lanes.ts'
import type { Session } from './session.ts'

const session = (name: string) => ({ name }) as unknown as Session

function lanes(open: () => Promise<Session>) {
  const refused: unknown[] = []
  return { refused, lanes: new Lanes(session('first'), open, (error) => refused.push(error)) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('lanes', () => {
  test('use the first channel while there is little to do', () => {
    const { lanes: some } = lanes(() => Promise.reject(new Error('opened')))
    const taken = [some.take(), some.take()]
    expect(taken.map((lane) => lane.session)).toEqual([some.first, some.first])
  })

  test('open others, up to eight, and give the one with the fewest holders', async () => {
    let opened = 0
    const { lanes: some } = lanes(async () => session(`more ${++opened}`))
    const names: unknown[] = []
    for (let holder = 0; holder < 32; holder++) {
      names.push(some.take().session)
      await settled()
    }
    expect(opened).toBe(7)
    const counts = new Map<unknown, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    expect([...counts.values()]).toEqual(Array(8).fill(4))
  })

  test('count a holder out once, however often it releases its lane', async () => {
    const { lanes: some } = lanes(async () => session('more'))
    for (const lane of [some.take(), some.take(), some.take()]) {
      lane.release()
      lane.release()
    }
    await settled()
    const two = [some.take(), some.take()].map((lane) => lane.session)
    expect(new Set(two).size).toBe(2)
  })

  test('open as many as are wanted at once, and do not wait for one before the next', async () => {
    let opened = 0
    const opening: (() => void)[] = []
    const { lanes: some } = lanes(() => {
      const name = `more ${++opened}`
      return new Promise((resolve) => opening.push(() => resolve(session(name))))
    })
    const taken = Array.from({ length: 16 }, () => some.take())
    expect(opened).toBe(7)
    for (const open of opening) open()
    await settled()
    for (const lane of taken) lane.release()
    expect(new Set(Array.from({ length: 8 }, () => some.take().session)).size).toBe(8)
  })

  test('do with what there is when the server opens no more, and say why once', async () => {
    const { lanes: some, refused } = lanes(() => Promise.reject(new Error('no more sessions')))
    for (let holder = 0; holder < 9; holder++) {
      expect(some.take().session).toBe(some.first)
      await settled()
    }
    expect(refused).toHaveLength(1)
  })
})
