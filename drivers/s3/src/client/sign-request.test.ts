import { expect, test } from 'vitest'
import { canonicalQuery, encodePath, rememberingKey, signRequest } from './sign-request.ts'

/** The examples of Amazon's own documentation of the signature. */
const credentials = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const request = {
  method: 'GET',
  host: 'examplebucket.s3.amazonaws.com',
  path: '/',
  query: {},
  headers: {},
  payloadHash: empty,
}
const date = new Date('2013-05-24T00:00:00Z')
const signature = (
  given: Partial<typeof request> & { headers?: Record<string, string>; query?: Record<string, string> },
) => signRequest({ ...request, ...given }, credentials, 'us-east-1', date).authorization?.split('Signature=')[1]

test.each([
  [
    'the range of an object',
    { path: '/test.txt', headers: { range: 'bytes=0-9' } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'writing an object whose name has to be encoded',
    {
      method: 'PUT',
      path: encodePath('/test$file.text'),
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      payloadHash: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  ['a query', { query: { lifecycle: '' } }, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  [
    'a query with several parts',
    { query: { prefix: 'J', 'max-keys': '2' } },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signs a request for %s as Amazon does', (_title, given, expected) => {
  expect(signature(given)).toBe(expected)
})

test('lets no header of the request take the place of what is signed', () => {
  const headers = { host: 'elsewhere', 'x-amz-date': 'some day', range: 'bytes=0-9' }
  expect(signRequest({ ...request, headers }, credentials, 'us-east-1', date)).toMatchObject({
    host: request.host,
    'x-amz-date': '20130524T000000Z',
    range: 'bytes=0-9',
  })
})

test('encodes what encodeURIComponent leaves', () => {
  expect(encodePath("/a b/it's (1)!*~")).toBe('/a%20b/it%27s%20%281%29%21%2A~')
  expect(canonicalQuery({ b: 'x/y', a: '' })).toBe('a=&b=x%2Fy')
})

test('a key that is remembered is that of the day, the region and the secret', () => {
  const keyOf = rememberingKey()
  const requests = [
    [credentials, 'us-east-1', date],
    [credentials, 'us-east-1', date],
    [credentials, 'us-east-1', new Date('2013-05-25T00:00:00Z')],
    [credentials, 'eu-west-1', date],
    [{ ...credentials, secretKey: 'another' }, 'us-east-1', date],
    [credentials, 'us-east-1', date],
  ] as const
  for (const [who, region, when] of requests) {
    expect(signRequest(request, who, region, when, keyOf)).toEqual(signRequest(request, who, region, when))
  }
  expect(keyOf('secret', '20130524', 'us-east-1')).toBe(keyOf('secret', '20130524', 'us-east-1'))
})
