import * as v from 'valibot'
import { clientSetupSchema } from './client-setup.ts'

/**
 * `remote:SERVICE`: the service as its client last stated it, inside what its key allows. Written by the launcher, when
 * Majordomo asks for it; it is what brings the service back after a restart of the hub, before its client does.
 */
export const remoteRecordSchema = v.object({
  /** Z85, of the client. */
  publicKey: v.string(),
  setup: clientSetupSchema,
})
export type RemoteRecord = v.InferOutput<typeof remoteRecordSchema>

/**
 * What Majordomo asks of the launcher over its `control` socket before it lets a client in. The answer (any value) comes when
 * the setup in the database has it, the Referee goes by it, and the process of the service was started; at once when nothing
 * of it is new. An error is passed on to the client.
 */
export const remoteRequestSchema = v.object({
  type: v.literal('remote'),
  service: v.string(),
  record: remoteRecordSchema,
})
export type RemoteRequest = v.InferOutput<typeof remoteRequestSchema>
