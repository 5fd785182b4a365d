import { describe, expect, it } from 'vitest'
import { bucketProblem } from './bucket-problem.ts'

const endpoint = new URL('https://s3.example.org:9000/above')

describe('bucketProblem', () => {
  it.each(['my-bucket', 'My_Bucket', 'tenant:bucket', 'b', 'with space', 'we?ird#', 'a'.repeat(80)])(
    'leaves %j to the service',
    (bucket) => expect(bucketProblem(bucket, { endpoint, pathStyle: true })).toBeUndefined(),
  )

  it.each(['', '.', '..', 'a\nb', '\u0000'])('is that %j is no name', (bucket) => {
    expect(bucketProblem(bucket, { endpoint, pathStyle: true })).toBeTypeOf('string')
    expect(bucketProblem(bucket, { endpoint, pathStyle: false })).toBeTypeOf('string')
  })

  it.each(['my-bucket', 'my.bucket', 'my_bucket'])('lets %j be a part of the host name', (bucket) => {
    expect(bucketProblem(bucket, { endpoint, pathStyle: false })).toBeUndefined()
  })

  it.each(['My-Bucket', 'a b', 'evil.org#', 'evil.org?x', 'evil.org:80', 'a@evil.org', 'bücher'])(
    'is that %j would be another host name',
    (bucket) => expect(bucketProblem(bucket, { endpoint, pathStyle: false })).toContain('host name'),
  )
})
