import { readFileSync } from 'node:fs'
import { allFeatures, type Driver, type DriverFeatures, LocalStorageDriver, MemoryDriver } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem, swiftProblem } from '@onitu/test-utils/servers'
import { S3Driver, s3Features, startS3 } from './s3-driver.ts'
import { SftpDriver } from './sftp-driver.ts'

/** A driver that the shared tests run against. */
export interface DriverUnderTest {
  readonly title: string
  readonly features: DriverFeatures
  /** Why it cannot be tested here. */
  readonly problem?: string | undefined
  /** Starts the server that it needs, if any. */
  readonly start: () => Promise<Services>
}

export interface Services {
  /** A service of the driver, with a folder of its own. */
  create(name: string): Driver
  /** What the setup or files that it names hold, and nothing may tell. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

const serverless = (create: (name: string) => Driver) => async (): Promise<Services> => ({
  create,
  secrets: [],
  close: async () => undefined,
})

const known: Readonly<Record<string, DriverUnderTest>> = {
  memory: { title: 'memory', features: allFeatures, start: serverless((name) => new MemoryDriver(name)) },
  'local-storage': {
    title: 'local-storage',
    features: allFeatures,
    start: serverless((name) => new LocalStorageDriver(name)),
  },
  sftp: {
    title: 'SFTP',
    features: allFeatures,
    problem: openSshProblem(),
    async start() {
      const server = await OpenSshServer.start()
      const secrets = readFileSync(server.clientKey, 'utf8').split('\n').slice(1, 3)
      return { create: (name) => new SftpDriver(name, server), secrets, close: () => server.close() }
    },
  },
  s3: {
    title: 'S3',
    features: s3Features,
    problem: swiftProblem(),
    async start() {
      const server = await startS3()
      const secrets = [server.secretKey]
      return { create: (name) => new S3Driver(name, server), secrets, close: () => server.close() }
    },
  },
}

/** All, or the one that ONITU_TEST_DRIVER names. */
export function driversUnderTest(): DriverUnderTest[] {
  const wanted = process.env.ONITU_TEST_DRIVER
  if (wanted === undefined) return Object.values(known)
  const found = known[wanted]
  if (found === undefined)
    throw new Error(`ONITU_TEST_DRIVER names ${wanted}; known are ${Object.keys(known).join(', ')}`)
  return [found]
}
