import { OnituError } from '@onitu/protocol'
import { expect, it } from 'vitest'
import { type WaitSource, waitUntilQuiet } from './wait-until-quiet.ts'

type Process = WaitSource['referee']

function sourceOf(catchUp: WaitSource['catchUp']): WaitSource {
  const running = (name: string) =>
    ({ name, resting: false, state: 'running', reason: '', changed: async () => undefined }) as unknown as Process
  const services = new Map(['left', 'right'].map((name) => [name, running(name)]))
  const bus = { listen: () => () => undefined } as unknown as WaitSource['bus']
  return { referee: running('referee'), services, bus, database: () => undefined, catchUp }
}

it('ends with the name of a service that cannot look at what changed, and never will', async () => {
  const cause = new OnituError('NO_SUCH_THING', 'there is no such thing', { details: { path: 'a' } })
  const source = sourceOf((service) => (service === 'right' ? Promise.reject(cause) : Promise.resolve()))
  await expect(waitUntilQuiet(source, new AbortController().signal)).rejects.toMatchObject({
    code: 'NO_SUCH_THING',
    message: 'The service right cannot look at what has changed: there is no such thing',
    details: { path: 'a' },
    cause,
  })
})
