import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Client } from '../src/client/connect.ts'
import { cleanup, client, forkServer, temporaryDirectory } from './support.ts'

/** Ten million with ONITU_ENTRIES=10000000: some minutes. */
const ENTRIES = Number(process.env.ONITU_ENTRIES ?? 1_000_000)
/** ms for each entry: to write it, and to read it on a busy machine. */
const PATIENCE = 0.06
const BATCH = 10_000
const MEGABYTE = 1024 * 1024
const BOUND = 150

async function fill(database: Client): Promise<void> {
  const value = Buffer.alloc(150, 'value ')
  const batch = (first: number) =>
    database.batch(
      Array.from({ length: BATCH }, (_, i) => ({
        type: 'put',
        key: String(first + i).padStart(8, '0'),
        value,
        raw: true,
      })),
    )
  for (let first = 0; first < ENTRIES; first += 2 * BATCH) await Promise.all([batch(first), batch(first + BATCH)])
}

/** In MB, without the files that LevelDB maps into memory: those the system takes back when it needs the room. */
async function ownMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

interface Read {
  readonly entries: number
  readonly memory: number
}

/** A client process that reads everything, waiting so many ms after each 20,000 entries. */
async function readAll(address: string, pause: number): Promise<Read> {
  const child = fork(fileURLToPath(new URL('flow-process.js', import.meta.url)), [address, String(pause)])
  cleanup(() => child.kill('SIGKILL'))
  const [message] = await once(child, 'message')
  return message as Read
}

describe.skipIf(process.platform !== 'linux')(
  `a range over ${ENTRIES} entries`,
  { timeout: 60_000 + ENTRIES * PATIENCE },
  () => {
    it.each([
      ['reads slowly', 50],
      ['reads fast', 0],
    ])('keeps server and client small when its client %s, and others are answered meanwhile', async (_, pause) => {
      const directory = await temporaryDirectory()
      const address = `ipc://${directory}/socket`
      const server = await forkServer({ type: 'start', address, directory: `${directory}/data` })
      const database = await client(address)
      await fill(database)

      let reading = true
      const read = readAll(address, pause).finally(() => {
        reading = false
      })
      let highest = 0
      let answered = 0
      while (reading) {
        await database.get(String((answered * 7919) % ENTRIES).padStart(8, '0'), { raw: true })
        if (answered++ % 100 === 0) highest = Math.max(highest, await ownMemory(server.child.pid))
      }
      const { entries, memory } = await read
      expect(entries).toBe(ENTRIES)
      expect(answered).toBeGreaterThan(100)
      expect(highest).toBeLessThan(BOUND)
      expect(memory / MEGABYTE).toBeLessThan(BOUND)
      process.stdout.write(`server ${highest.toFixed(0)} MB, client ${(memory / MEGABYTE).toFixed(0)} MB\n`)
    })
  },
)
