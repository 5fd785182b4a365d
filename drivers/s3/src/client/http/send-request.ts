import type { Socket } from 'node:net'
import type { HttpRequest } from './http-client.ts'
import type { Waiting } from './waiting.ts'

/** Bytes of a body that are sent at once under a limit. */
const PIECE = 64 * 1024

/** Rejects only when a limit does: what becomes of the connection is told by itself. @throws TypeError for what cannot be in a head */
export async function sendRequest(socket: Socket, host: string, request: HttpRequest, waiting: Waiting): Promise<void> {
  const { body, pace } = request
  const head = requestHead(host, request)
  if (body === undefined) socket.write(head, 'latin1')
  else {
    socket.cork()
    socket.write(head, 'latin1')
    if (pace === undefined) socket.write(body)
    socket.uncork()
    if (pace !== undefined) await sendSlowly(socket, body, waiting)
  }
}

/** A request without a body says so where one could be expected. */
function requestHead(host: string, { method, path, headers, body }: HttpRequest): string {
  if (/[^!-~]/.test(path)) throw new TypeError(`No path of a request: ${JSON.stringify(path)}`)
  let head = `${method} ${path} HTTP/1.1\r\n`
  if (headers.host === undefined) head += `host: ${host}\r\n`
  for (const name of Object.keys(headers)) head += `${name}: ${headerValue(name, headers[name])}\r\n`
  if (body !== undefined) head += `content-length: ${body.byteLength}\r\n`
  else if (method === 'PUT' || method === 'POST') head += 'content-length: 0\r\n'
  return `${head}\r\n`
}

function headerValue(name: string, value = ''): string {
  if (/[^\t -~\x80-\xff]/.test(value)) throw new TypeError(`No value of a header: ${name}: ${JSON.stringify(value)}`)
  return value
}

async function sendSlowly(socket: Socket, body: Uint8Array, waiting: Waiting): Promise<void> {
  for (let at = 0; at < body.byteLength && !socket.destroyed; at += PIECE) {
    const piece = body.subarray(at, at + PIECE)
    await waiting.up(piece.byteLength)
    if (!socket.destroyed && !socket.write(piece) && !socket.destroyed) await drained(socket)
  }
}

/** Resolves when more may be written, or it is over. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
