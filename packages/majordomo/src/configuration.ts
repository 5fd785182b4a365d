import * as v from 'valibot'

const address = v.pipe(v.string(), v.startsWith('tcp://', 'Expected an address that begins with tcp://'))

/** The first IPC message of the process `majordomo`. */
export const majordomoConfigurationSchema = v.object({
  type: v.literal('start'),
  session: v.string(),
  /** Address of the Escalator. */
  escalator: v.string(),
  /** Directory of the session's sockets. */
  runtime: v.string(),
  /** Where events go. */
  bus: v.string(),
  debug: v.optional(v.boolean(), false),
  /** Where to listen for the requests of clients: `tcp://0.0.0.0:20001`. Port 0 takes a free one. */
  requests: address,
  /** Where to listen for the connections on which handlers of clients are called: `tcp://0.0.0.0:20003`. */
  handlers: address,
  /** File of the secret key of the hub, readable by nobody else. */
  secretKeyFile: v.string(),
  /** File with the authorised keys. Watched: a key that is taken out of it is cut off at once. */
  authorizedKeysFile: v.string(),
  /** ms between heartbeats; three that are missed end a connection. */
  heartbeat: v.optional(v.pipe(v.number(), v.minValue(50), v.maxValue(60_000)), 5_000),
  limits: v.optional(
    v.object({
      /** Connected at once. */
      clients: v.pipe(v.number(), v.integer(), v.minValue(1)),
      /** Bytes held in memory for one client. */
      memory: v.pipe(v.number(), v.integer(), v.minValue(1)),
    }),
    { clients: 100, memory: 64 * 1024 * 1024 },
  ),
})
export type MajordomoConfiguration = v.InferOutput<typeof majordomoConfigurationSchema>
