export { type Build, type Hub, sharedHub, withHub } from '@onitu/test-utils/fixtures'
