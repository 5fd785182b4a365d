export { type Hub, sharedHub, withHub } from '@onitu/test-utils/fixtures'
