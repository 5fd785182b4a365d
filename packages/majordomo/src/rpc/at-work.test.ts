import { expect, test } from 'vitest'
import { Answerer, type IncomingCall } from './answerer.ts'
import { Caller } from './caller.ts'
import { deliverToAnswerer, deliverToCaller } from './deliver.ts'

/** The two sides of a connection in one process. */
function connected(handle: (call: IncomingCall) => Promise<unknown>): Caller {
  const caller: Caller = new Caller((frames) => deliverToAnswerer(answerer, frames))
  const answerer = new Answerer({
    send: (frames) => deliverToCaller(caller, frames),
    handle,
    exceeded: (error) => {
      throw error
    },
  })
  return caller
}

test('who calls hears that the call goes on, as often as the other side says so, and of no other call', async () => {
  const heard: string[] = []
  const caller = connected(async ({ method, atWork }) => {
    if (method === 'slow')
      for (const _ of [1, 2]) await new Promise<void>((resolve) => setImmediate(resolve)).then(atWork)
    return method
  })
  const call = (method: string) => caller.call(method, [], { atWork: () => heard.push(method) })
  const answers = await Promise.all([call('slow'), call('quick'), caller.call('slow', [])])
  expect(answers.map(({ result }) => result)).toEqual(['slow', 'quick', 'slow'])
  expect(heard).toEqual(['slow', 'slow'])
})

test('nothing is heard of a call that is over', async () => {
  let late: (() => void) | undefined
  const heard: string[] = []
  const caller = connected(async ({ atWork }) => {
    late = atWork
  })
  await caller.call('quick', [], { atWork: () => heard.push('late') })
  late?.()
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(heard).toEqual([])
})
