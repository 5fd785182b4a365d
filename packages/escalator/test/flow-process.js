// A client that reads a whole database slowly, or fast; tells its memory. On the package as it is built.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../dist/index.js'

const [address, pause] = process.argv.slice(2)
const client = await connect({ address, timeout: 60_000 })
let entries = 0
let memory = 0
for await (const [key] of client.range({ raw: true })) {
  if (Number(key) !== entries++) throw new Error(`Expected entry ${entries - 1}, got ${key}`)
  if (entries % 20_000 !== 0) continue
  memory = Math.max(memory, process.memoryUsage.rss())
  if (pause !== '0') await sleep(Number(pause))
}
await client.close()
process.send({ entries, memory })
