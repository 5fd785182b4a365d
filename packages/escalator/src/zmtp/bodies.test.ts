import { expect, it } from 'vitest'
import { afterSending, giveBack, giveBackWhenSent, takeBody } from './bodies.ts'

const SIZE = 1024 * 1024
const take = (count: number) => Array.from({ length: count }, () => takeBody(SIZE))
/** How many of the next bodies are of the memory of these. */
const usedAgain = (bodies: readonly Uint8Array[]) => {
  const memory = new Set(bodies.map(({ buffer }) => buffer))
  return take(20).filter(({ buffer }) => memory.has(buffer)).length
}

it('uses a large body again once it was given back, and only once', () => {
  const [body, other] = [takeBody(SIZE), takeBody(SIZE)]
  giveBack(body)
  giveBack(body)
  expect(usedAgain([body])).toBe(1)
  expect(usedAgain([body, other])).toBe(0)
})

it('leaves alone what is no body: a part of one, or memory of somebody else', () => {
  const [body, other] = [takeBody(SIZE), Buffer.alloc(SIZE)]
  giveBack(body.subarray(0, SIZE))
  giveBack(other)
  expect(usedAgain([body, other])).toBe(0)
})

it('keeps a bounded amount of memory', () => {
  const bodies = take(20)
  for (const body of bodies) giveBack(body)
  expect(usedAgain(bodies)).toBe(8)
})

it('takes back what is only passed on when it has left, and nothing else', () => {
  const [passed, kept, other] = [takeBody(SIZE), takeBody(SIZE), Buffer.alloc(SIZE)]
  giveBackWhenSent(passed)
  giveBackWhenSent(other)
  expect([afterSending(kept), afterSending(other)]).toEqual([undefined, undefined])
  const hasLeft = afterSending(passed)
  expect(usedAgain([passed])).toBe(0)
  hasLeft?.()
  expect(usedAgain([passed, kept, other])).toBe(1)
})
