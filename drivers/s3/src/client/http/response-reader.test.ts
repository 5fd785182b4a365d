import { expect, test } from 'vitest'
import { type ResponseHead, ResponseReader } from './response-reader.ts'

/** Reads `text` in pieces of `size` bytes; `end`: the connection ends after it. */
function read(text: string, { method = 'GET', size = text.length, end = false } = {}) {
  let head: ResponseHead | undefined
  let body = ''
  let isDone = false
  const reader = new ResponseReader(method, {
    head: (one) => {
      head = one
    },
    body: (part) => {
      body += part.toString('latin1')
    },
    end: () => {
      isDone = true
    },
  })
  let others = 0
  for (let at = 0; at < text.length; at += size)
    others += reader.isDone
      ? text.slice(at, at + size).length
      : reader.read(Buffer.from(text.slice(at, at + size), 'latin1'))
  if (end) reader.end()
  expect(reader.isDone).toBe(isDone)
  return { status: head?.status, headers: { ...head?.headers }, isLast: head?.isLast, body, isDone, others }
}

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag:  "x" \r\n\r\nhello'
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nTrailer: x\r\n\r\n'

test.each([1, 2, 3, 7, 1000])('an answer is the same however its bytes arrive: %i at once', (size) => {
  expect(read(SIZED, { size })).toMatchObject({
    status: 200,
    headers: { 'content-length': '5', etag: '"x"' },
    isLast: false,
    body: 'hello',
    isDone: true,
  })
  expect(read(CHUNKED, { size })).toMatchObject({ body: 'hello', isDone: true, isLast: false })
  expect(read('HTTP/1.1 200 OK\r\n\r\nhello', { size, end: true })).toMatchObject({ body: 'hello', isLast: true })
})

test('what has no body ends with its head, whatever that says', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
  expect(read(head, { method: 'HEAD' })).toMatchObject({ isDone: true, body: '', headers: { 'content-length': '5' } })
  expect(read('HTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ isDone: true, isLast: false })
  expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n').isDone).toBe(true)
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').isDone).toBe(true)
})

test('what comes after an answer is not taken for a part of it', () => {
  expect(read(`${SIZED}HTTP/1.1`)).toMatchObject({ body: 'hello', isDone: true, others: 8 })
  expect(
    read('HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', { method: 'HEAD' }),
  ).toMatchObject({ status: 404, isLast: true, others: 5 })
})

test('an answer that is announced only is passed over', () => {
  expect(read(`HTTP/1.1 100 Continue\r\n\r\n${SIZED}`, { size: 11 })).toMatchObject({ status: 200, body: 'hello' })
})

test('whether another request may follow is told by the version and the header', () => {
  const isLast = (version: string, header: string) =>
    read(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${header}\r\n`).isLast
  expect(isLast('1.1', '')).toBe(false)
  expect(isLast('1.1', 'Connection: Close\r\n')).toBe(true)
  expect(isLast('1.0', '')).toBe(true)
  expect(isLast('1.0', 'Connection: Keep-Alive\r\n')).toBe(false)
})

test('a header that comes twice has both values', () => {
  expect(read('HTTP/1.1 200\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n').headers.a).toBe('1, 2')
})

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['another version', 'HTTP/2 200 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a change of the protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n'],
  ['another encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a header that goes on', 'HTTP/1.1 200 OK\r\nA: 1\r\n B: 2\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n'],
  ['a line without a colon', 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n'],
  ['a head that does not end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}`],
  ['a line that does not end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(20_000)}`],
])('%s is refused', (_, text) => {
  expect(() => read(text)).toThrow()
})

test.each([SIZED, CHUNKED])('an end in the middle is no end', (text) => {
  for (let length = 0; length < text.length; length++)
    expect(() => read(text.slice(0, length), { end: true })).toThrow(/ended in the middle/)
})
