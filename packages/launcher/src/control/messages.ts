import { remoteRequestSchema } from '@onitu/majordomo'
import * as v from 'valibot'

/** See FileArgument. */
const file = v.object({
  file: v.pipe(v.string(), v.minLength(1)),
  absolute: v.pipe(v.array(v.string()), v.readonly()),
  folder: v.nullable(v.string()),
})

/** What the command line, and Majordomo (`remote`), ask of a running session over its `control` socket. */
export const controlRequestSchema = v.variant('type', [
  v.object({ type: v.literal('status') }),
  v.object({
    type: v.literal('wait'),
    /** ms; null waits as long as it takes. */
    timeout: v.nullable(v.pipe(v.number(), v.minValue(0))),
  }),
  v.object({ type: v.literal('service'), action: v.picklist(['start', 'stop', 'restart']), name: v.string() }),
  v.object({ type: v.literal('history'), file }),
  v.object({
    type: v.literal('restore'),
    file,
    version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
  v.object({ type: v.literal('keys') }),
  remoteRequestSchema,
  v.object({ type: v.literal('conflicts') }),
  v.object({ type: v.literal('resolve'), file, keep: v.string() }),
  v.object({
    type: v.picklist(['approve', 'reject']),
    /** Null: all of them. */
    service: v.nullable(v.string()),
    folder: v.nullable(v.string()),
  }),
  v.object({ type: v.literal('stop') }),
])
export type ControlRequest = v.InferOutput<typeof controlRequestSchema>
export type ServiceAction = 'start' | 'stop' | 'restart'

export interface KeysChanged {
  /** Services that have ended, now or before, because their keys were revoked. */
  readonly ended: readonly string[]
}
