import { waitUntil } from '@onitu/test-utils'
import { type DriverDefinition, runCase } from '@onitu/test-utils/conformance'
import { FaultyProxy, openSshProblem } from '@onitu/test-utils/servers'
import { afterAll, describe, expect, test } from 'vitest'
import { createSftp, manifest } from '../src/index.ts'
import { SftpBench } from './support/sftp-service.ts'

const LEFT = '.onitu/tmp/small-left-behind'
/** Uploads: of the one nothing was written, the other may be gone on with. */
const [EMPTY, HALF] = ['empty', 'half'].map((name) => `.onitu/tmp/${name}-7.part`) as [string, string]
const problem = openSshProblem()
const bench = new SftpBench()
afterAll(() => bench.close())

const definition: DriverDefinition = {
  manifest,
  place: () => bench.place(),
  async start(plug) {
    const sftp = createSftp(plug)
    await sftp.start()
    return sftp
  },
}

describe.skipIf(problem !== undefined)(
  `what a killed service left behind${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test('is removed also when the server could not be reached at the start', () =>
      runCase(definition, {
        title: 'left behind',
        async run(context) {
          const { access, network } = context.place
          if (network === undefined) throw new TypeError('This place has no network')
          await (await context.openSettled()).close()
          await access.write(LEFT, Buffer.from('half of it'))
          await access.write(EMPTY, Buffer.alloc(0))
          await access.write(HALF, Buffer.from('half of it'))
          const proxy = await FaultyProxy.start(network.host, network.port)
          context.afterwards(() => proxy.close())
          proxy.refuse()
          const service = await context.open({ options: network.through('127.0.0.1', proxy.port) })
          expect(await access.read(LEFT)).toBeDefined()
          proxy.heal()
          await waitUntil(async () => (await access.read(LEFT)) === undefined, { timeout: 30_000 })
          expect([await access.read(EMPTY), await access.read(HALF)]).toEqual([undefined, Buffer.from('half of it')])
          await service.close()
        },
      }))
  },
)
