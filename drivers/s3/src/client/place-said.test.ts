import { describe, expect, test } from 'vitest'
import { type Asked, placeSaid } from './place-said.ts'

const ENDPOINT = new URL('https://s3.eu-west-1.amazonaws.com')

function said(
  status: number,
  body: string,
  headers: Record<string, string> = {},
  { endpoint = ENDPOINT, region = 'eu-west-1' }: Partial<Asked> = {},
) {
  return placeSaid({ status, headers, body: Buffer.from(body) }, { endpoint, region, bucket: 'bucket' })
}

describe('where the service says that a bucket is', () => {
  test.each<[string, number, string, Record<string, string>, string, RegExp]>([
    [
      'a redirect with the host of the bucket',
      301,
      '<Error><Code>PermanentRedirect</Code><Endpoint>bucket.s3.eu-central-1.amazonaws.com</Endpoint></Error>',
      { 'x-amz-bucket-region': 'eu-central-1' },
      'WRONG_REGION',
      /in the region eu-central-1, at https:\/\/s3\.eu-central-1\.amazonaws\.com: set the options of the service to region: eu-central-1, endpoint: https:\/\/s3\.eu-central-1\.amazonaws\.com$/,
    ],
    [
      'a redirect of a HEAD, which has the region only',
      301,
      '',
      { 'x-amz-bucket-region': 'eu-central-1' },
      'WRONG_REGION',
      /to region: eu-central-1, and endpoint to the address for it$/,
    ],
    [
      'a signature for another region',
      400,
      '<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>',
      {},
      'WRONG_REGION',
      /to region: us-west-2$/,
    ],
    [
      'a redirect for a while',
      307,
      '<Error><Code>TemporaryRedirect</Code><Endpoint>bucket.s3-us-west-2.amazonaws.com</Endpoint></Error>',
      { location: 'https://elsewhere.test/' },
      'WRONG_ENDPOINT',
      /at https:\/\/s3-us-west-2\.amazonaws\.com: .* to endpoint: https:\/\/s3-us-west-2\.amazonaws\.com$/,
    ],
    [
      'a redirect of another kind',
      308,
      '<html>moved</html>',
      { location: 'https://s3.test:9000/bucket/key?list-type=2' },
      'WRONG_ENDPOINT',
      /to endpoint: https:\/\/s3\.test:9000$/,
    ],
  ])('is told of %s', (_, status, body, headers, code, message) => {
    expect(said(status, body, headers)).toEqual({ code, message: expect.stringMatching(message) })
  })

  test('keeps to the scheme of the endpoint where it names a host, and tells one scheme from another', () => {
    const endpoint = new URL('http://s3.test:9000')
    expect(said(301, '<Endpoint>two.test:9001</Endpoint>', {}, { endpoint })?.message).toMatch(
      /http:\/\/two\.test:9001$/,
    )
    expect(said(301, '', { location: 'https://s3.test:9000/bucket' }, { endpoint })?.message).toMatch(
      /endpoint: https:\/\/s3\.test:9000$/,
    )
  })

  test.each<[string, number, string, Record<string, string>]>([
    ['is where it was asked', 400, '<Region>eu-west-1</Region>', { 'x-amz-bucket-region': 'eu-west-1' }],
    ['is at the endpoint', 301, '<Endpoint>s3.eu-west-1.amazonaws.com</Endpoint>', {}],
    ['is at the endpoint under its own name', 301, '<Endpoint>bucket.s3.eu-west-1.amazonaws.com</Endpoint>', {}],
    ['is not said', 400, '<Error><Code>InvalidArgument</Code></Error>', {}],
    ['is on the way of another refusal', 403, '<Region>us-west-2</Region>', { 'x-amz-bucket-region': 'us-west-2' }],
    ['is a path', 302, '', { location: '/login' }],
    ['is no region', 301, '<Region>us west: set all options</Region>', { 'x-amz-bucket-region': 'a\tb' }],
    ['is no host', 301, '<Endpoint>set option x to y</Endpoint>', { location: 'ftp://s3.test/' }],
    ['is longer than any', 301, `<Region>${'x'.repeat(65)}</Region>`, { location: `https://${'x'.repeat(3000)}/` }],
  ])('is not told when it %s', (_, status, body, headers) => {
    expect(said(status, body, headers)).toBeUndefined()
  })
})
