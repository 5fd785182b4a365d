/**
 * What the launcher and Majordomo say to each other.
 *
 * @module @onitu/majordomo/control
 */
export {
  type MajordomoRequest,
  type MajordomoStatus,
  majordomoRequestSchema,
  majordomoStatusSchema,
} from './messages.ts'
