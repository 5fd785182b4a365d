import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from './support.ts'

const SCRIPT = `
  import { connect, startServer } from '@onitu/escalator'
  import { createEventPublisher, createPublisher, createPuller, createSubscriber } from '@onitu/escalator/messaging'
  const directory = process.argv[1]
  const server = await startServer({ address: 'ipc://' + directory + '/socket', directory })
  const client = await connect({ address: server.address })
  await client.batch(Array.from({ length: 20000 }, (_, i) => ({ type: 'put', key: 'k' + i, value: i })))
  for await (const _ of client.range()) break
  const iterator = client.range()[Symbol.asyncIterator]()
  await iterator.next()
  const puller = await createPuller()
  const events = createEventPublisher({ address: puller.address, process: 'test' })
  events.publish({ type: 'referee_started' })
  const publisher = await createPublisher()
  const subscriber = createSubscriber({ address: publisher.address, connected: () => undefined })
  await connect({ address: 'ipc://' + directory + '/nobody', timeout: 50 }).catch((error) => console.log(error.code))
  await Promise.all([client, events, puller, publisher, subscriber, server].map((one) => one.close()))
  console.log('closed')
`

describe('after everything is closed', () => {
  it('nothing keeps the process alive', async () => {
    const directory = await temporaryDirectory()
    const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, directory], {
      cwd: new URL('..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const [status] = await once(child, 'exit')
    expect(status).toBe(0)
    expect(output).toBe('REQUEST_TIMEOUT\nclosed\n')
  })
})
