import { nameProblem } from '@onitu/protocol'
import * as v from 'valibot'

/*
 * What a client says of its service when it connects. It comes from another machine: everything is bounded. Paths are
 * for people only, the hub never uses them.
 */
const MAX_FOLDERS = 1_000
const MAX_RULES = 1_000
const LONGEST_TEXT = 4_096

const text = v.pipe(v.string(), v.maxLength(LONGEST_TEXT))

/** The name of a service or folder. */
const nameSchema = v.pipe(
  v.string(),
  v.check((name) => nameProblem(name) === undefined, 'Expected a name'),
)

const capabilities = v.strictObject({
  atomicReplace: v.boolean(),
  conditionalWrite: v.boolean(),
  rangedRead: v.boolean(),
  resumableUpload: v.boolean(),
  parallelChunks: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), 1),
  hashAtEnd: v.optional(v.boolean(), false),
  nativeMove: v.boolean(),
  directories: v.boolean(),
  mtime: v.boolean(),
  mode: v.boolean(),
  caseSensitive: v.boolean(),
  tokenGranularity: v.pipe(v.number(), v.minValue(0)),
  history: v.optional(v.boolean(), false),
})

/** What the hub has to know of the driver that the client hosts: the part of its manifest that is not about options. */
const hostedDriverSchema = v.strictObject({
  name: text,
  description: text,
  /** 0..1; what the options of the client say, or the manifest. */
  velocity: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  capabilities,
})
export type HostedDriver = v.InferOutput<typeof hostedDriverSchema>

const folderSchema = v.strictObject({
  /** Where it is on the client. */
  path: text,
  /** As in the setup of a service: `mode`, filters, `history`. Checked in full by `confine`. */
  options: v.pipe(
    v.record(text, v.unknown()),
    v.check((options) => Object.keys(options).length <= 100, 'Too many options'),
  ),
})

/** What a client says of itself. The name of the service is not in it: that is what its key says. */
export const clientSetupSchema = v.strictObject({
  driver: hostedDriverSchema,
  folders: v.pipe(
    v.record(nameSchema, folderSchema),
    v.check((folders) => Object.keys(folders).length <= MAX_FOLDERS, `More than ${MAX_FOLDERS} folders`),
  ),
  /** As in the setup. They can only say what this service gets, see `onlyAbout`. */
  rules: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(MAX_RULES))),
})
export type ClientSetup = v.InferOutput<typeof clientSetupSchema>
