/**
 * The sockets between the processes of Onitu: each has one reading loop and one ordered writer, nothing blocks, and
 * nothing grows without bound.
 *
 * @module @onitu/escalator/messaging
 */
export { AccessDeniedError, RequestTimeoutError } from '../errors.ts'
export { giveBack, giveBackWhenSent } from '../zmtp/bodies.ts'
export {
  type Authenticator,
  type AuthenticatorOptions,
  type Candidate,
  type CurveServerSocketOptions,
  createAuthenticator,
} from './authenticator.ts'
export { bindPatiently } from './bind-patiently.ts'
export { type ConnectionHandlers, type HandshakeFailure, watchConnections } from './connection-events.ts'
export { type CurveClientOptions, type CurveClientSocketOptions, curveClientSocketOptions } from './curve-client.ts'
export { checkKey, generateKeyPair, type KeyPair, publicKeyOf, sharedSecret } from './curve-keys.ts'
export { createDealerSocket, type DealerSocket } from './dealer-socket.ts'
export { decodeEvents } from './decode-events.ts'
export { MAX_FRAME_SIZE } from './envelope.ts'
export { createEventPublisher, type EventPublisher, type EventPublisherOptions } from './event-publisher.ts'
export type { MessageSource } from './iterate-messages.ts'
export { createPublisher, type Publisher, type PublisherOptions } from './publisher.ts'
export { createPuller, type Puller, type PullerOptions } from './puller.ts'
export { createPusher, type Pusher, type PusherOptions } from './pusher.ts'
export { readMessages } from './read-messages.ts'
export {
  type Answer,
  createRequester,
  type Requester,
  type RequesterOptions,
  type RequestOptions,
} from './requester.ts'
export {
  createResponder,
  Reply,
  type RequestContext,
  type RequestHandler,
  type Responder,
  type ResponderCounters,
  type ResponderOptions,
} from './responder.ts'
export {
  ConfigurationError,
  type ProcessMessage,
  type ProcessOptions,
  type Running,
  runProcess,
} from './run-process.ts'
export { createSubscriber, type Subscriber, type SubscriberOptions } from './subscriber.ts'
export { transportOptions } from './transport-options.ts'
