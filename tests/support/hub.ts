export { type Hub, sharedHub, testIf, withHub } from '@onitu/test-utils/fixtures'
