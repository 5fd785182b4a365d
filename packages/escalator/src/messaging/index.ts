/**
 * The sockets between the processes of Onitu: each has one reading loop and one ordered writer, nothing blocks, and
 * nothing grows without bound.
 *
 * @module @onitu/escalator/messaging
 */
export { AccessDeniedError, RequestTimeoutError } from '../errors.ts'
export { giveBack, giveBackWhenSent } from '../zmtp/bodies.ts'
export type { Dealer, DealerHandlers } from '../zmtp/dealer.ts'
export type { HandshakeFailure } from '../zmtp/mechanism.ts'
export type { Router } from '../zmtp/router.ts'
export {
  type Authenticator,
  type AuthenticatorOptions,
  type Candidate,
  createAuthenticator,
} from './authenticator.ts'
export { type BindOptions, bindRouter } from './bind-router.ts'
export type { CurveClientOptions } from './curve-client.ts'
export { checkKey, generateKeyPair, type KeyPair, publicKeyOf } from './curve-keys.ts'
export { createDealerSocket, type DealerSocketOptions } from './dealer-socket.ts'
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
export { encodeKey } from './z85.ts'
