import { afterEach, expect, test } from 'vitest'
import { readOptions } from '../options/read-options.ts'
import { Places } from './places.ts'
import { ForwardingClient } from './proxy/forwarding-client.ts'

const opened: Places[] = []
afterEach(() => {
  for (const places of opened.splice(0)) places.close()
})

function placesFor(options: Record<string, string | boolean>, environment = {}): Places {
  const places = new Places(readOptions({ endpoint: 'http://s3.test/above/', ...options }, environment), environment)
  opened.push(places)
  return places
}

test('buckets of one server have one client, also when they are looked for at once', async () => {
  const places = placesFor({})
  const [one, again, other] = await Promise.all(['one', 'one', 'other'].map((bucket) => places.find(bucket)))
  expect([one?.base, other?.base]).toEqual(['/above/one', '/above/other'])
  expect(again).toBe(one)
  expect(other?.http).toBe(one?.http)
})

test('what the environment says is asked for the name of each bucket where that is a part of the host', async () => {
  const places = placesFor({ path_style: false }, { http_proxy: 'http://proxy.test:1', no_proxy: 'two.s3.test' })
  const [one, two] = await Promise.all(['one', 'two'].map((bucket) => places.find(bucket)))
  expect([one?.url.host, one?.base]).toEqual(['one.s3.test', '/above'])
  expect(one?.http).toBeInstanceOf(ForwardingClient)
  expect(two?.http).not.toBeInstanceOf(ForwardingClient)
})

test('no client is made for a place that is found when the driver is closed meanwhile', async () => {
  const places = placesFor({})
  const finding = places.find('bucket')
  places.close()
  await expect(finding).rejects.toMatchObject({ code: 'CLOSED' })
})
