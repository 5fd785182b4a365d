import { describe, expect, it } from 'vitest'
import { createConnectionCounter } from './connection-counter.ts'

describe('the counter of connections', () => {
  it('counts those that are open', () => {
    const counter = createConnectionCounter()
    counter.accepted()
    counter.accepted()
    counter.disconnected()
    expect(counter).toMatchObject({ connections: 1, failedHandshakes: 0 })
  })

  it('counts those that did not come about', () => {
    const counter = createConnectionCounter()
    for (let i = 0; i < 3; i++) {
      counter.accepted()
      counter.failed('lost')
      counter.disconnected()
    }
    expect(counter).toMatchObject({ connections: 0, failedHandshakes: 3 })
  })

  it('never gets below zero', () => {
    const counter = createConnectionCounter()
    counter.accepted()
    counter.disconnected()
    counter.disconnected()
    expect(counter).toMatchObject({ connections: 0, failedHandshakes: 0 })
  })
})
