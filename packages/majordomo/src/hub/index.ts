/**
 * The way from the process of a remote service to its client.
 *
 * @module @onitu/majordomo/hub
 */
export { WithContent } from '../rpc/answerer.ts'
export {
  CHANGES_PER_CALL,
  FILES_PER_PAGE,
  type HandlerName,
  handlerNames,
  historySchema,
  type RequestName,
  requestSchemas,
  type Started,
  storedSchema,
} from '../wire/call-schemas.ts'
export { HubLink, type HubLinkOptions } from './hub-link.ts'
export type { HubSession } from './hub-session.ts'
