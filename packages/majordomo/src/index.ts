/**
 * Majordomo: services of Onitu on other machines.
 *
 * @module @onitu/majordomo
 */
export { type MajordomoConfiguration, majordomoConfigurationSchema } from './configuration.ts'
export { type ClientSetup, clientSetupSchema, type HostedDriver } from './setup/client-setup.ts'
export {
  type RemoteRecord,
  type RemoteRequest,
  remoteRecordSchema,
  remoteRequestSchema,
} from './setup/remote-record.ts'
