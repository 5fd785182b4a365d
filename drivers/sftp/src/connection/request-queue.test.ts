import { describe, expect, test } from 'vitest'
import { type Asked, RequestQueue } from './request-queue.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** A queue, the numbers of what it has sent, and a clock that goes on by `roundTrip` ms before each answer. */
function setUp(roundTrip: number, limit = 64) {
  let time = 0
  const sent: number[] = []
  const failures: unknown[] = []
  const queue = new RequestQueue({ limit, timeout: 20_000, now: () => time }, () => undefined)
  const asked: Asked[] = []
  const ask = (content: number) => {
    const number = asked.length
    const one = { content, send: () => void sent.push(number), failed: (error: unknown) => void failures.push(error) }
    asked.push(one)
    queue.add(one)
  }
  const answer = (number: number) => {
    time += roundTrip
    const one = asked[number]
    if (one !== undefined) queue.over(one)
  }
  /** One request and its answer, from which it is known how near the server is. */
  const greet = () => {
    ask(0)
    answer(0)
  }
  return { queue, sent, failures, ask, answer, greet }
}

describe('requests', () => {
  test('are sent in order, so many at once, and the next one with each answer', () => {
    const { sent, ask, answer, queue } = setUp(1, 2)
    for (let number = 0; number < 4; number++) ask(0)
    expect(sent).toEqual([0, 1])
    answer(1)
    expect(sent).toEqual([0, 1, 2])
    answer(0)
    expect(sent).toEqual([0, 1, 2, 3])
    queue.end(new Error('over'))
  })

  test('have no more than 1 MiB of content wait for a server that is near', () => {
    const { sent, ask, answer, greet, queue } = setUp(1)
    greet()
    for (let number = 1; number < 9; number++) ask(255 * KIB)
    expect(sent).toEqual([0, 1, 2, 3, 4])
    answer(1)
    expect(sent).toEqual([0, 1, 2, 3, 4, 5])
    queue.end(new Error('over'))
  })

  test('fill a long way with all that may be on it', () => {
    const { sent, ask, greet, queue } = setUp(30)
    greet()
    for (let number = 1; number < 9; number++) ask(255 * KIB)
    expect(sent).toHaveLength(9)
    queue.end(new Error('over'))
  })

  test('with more content than all the room there is go alone', () => {
    const { sent, ask, answer, greet, queue } = setUp(1)
    greet()
    ask(2 * MIB)
    ask(KIB)
    expect(sent).toEqual([0, 1])
    answer(1)
    expect(sent).toEqual([0, 1, 2])
    queue.end(new Error('over'))
  })

  test('without content do not overtake a content that waits', () => {
    const { sent, ask, greet, queue } = setUp(1)
    greet()
    ask(MIB)
    ask(KIB)
    ask(0)
    expect(sent).toEqual([0, 1])
    queue.end(new Error('over'))
  })

  test('fail when it ends, those that wait too, and all that come later', () => {
    const { failures, sent, ask, queue } = setUp(1, 1)
    ask(0)
    ask(0)
    const reason = new Error('The connection is lost')
    queue.end(reason)
    ask(0)
    expect(failures).toEqual([reason, reason, reason])
    expect(sent).toEqual([0])
  })
})
