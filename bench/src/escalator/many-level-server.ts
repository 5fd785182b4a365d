import { createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { ClassicLevel } from 'classic-level-1'
import { ManyLevelHost } from 'many-level'

/** A host as its documentation shows it, on a Unix socket: `node many-level-server.js DIRECTORY SOCKET`. */
const [directory = '', path = ''] = process.argv.slice(2)
const database = new ClassicLevel(directory)
await database.open()
// It takes any abstract-level database; only with exactOptionalPropertyTypes the two packages' types disagree.
const host = new ManyLevelHost(database as unknown as ConstructorParameters<typeof ManyLevelHost>[0])
createServer((socket) => {
  pipeline(socket, host.createRpcStream(), socket, () => undefined)
}).listen(path, () => process.send?.({ type: 'ready' }))
process.on('disconnect', () => process.exit())
