// The official test suite of abstract-level, run by tape as it expects, over real sockets. Its report goes to stdout.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import suite from 'abstract-level/test/index.js'
import test from 'tape'
import { context } from 'zeromq'
import { startServer } from '../dist/index.js'
import { EscalatorLevel } from '../dist/level/index.js'

// When it runs on sublevels, the suite closes those and leaves the databases below them open.
context.maxSockets = 10_000

const directory = await mkdtemp(join(tmpdir(), 'esc-level-'))
const server = await startServer({ address: `ipc://${directory}/socket`, directory: join(directory, 'data') })

// Each test has a database of its own.
let databases = 0
suite({ test, factory: (options) => new EscalatorLevel(server.address, { database: `d${databases++}`, ...options }) })

test.onFinish(async () => {
  await server.close()
  await rm(directory, { recursive: true })
  // The databases that the suite left open would go on waiting for the server.
  process.exit()
})
