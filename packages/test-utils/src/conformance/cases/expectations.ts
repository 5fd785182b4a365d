import { expect } from 'vitest'
import { waitUntil } from '../../wait-until.ts'
import type { Access } from '../definition.ts'
import { errorCode } from '../error-code.ts'
import type { RunningService } from '../service/running-service.ts'

export async function expectCode(promise: Promise<unknown>, code: string, what: string): Promise<void> {
  const outcome = await promise.then(
    () => 'no error',
    (error: unknown) => errorCode(error) ?? `an error without a code: ${String(error)}`,
  )
  expect(outcome, what).toBe(code)
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>, what: string): Promise<unknown> {
  return promise.then(
    () => expect.fail(`${what} succeeded`),
    (error: unknown) => error,
  )
}

/** Long contents are compared, but not printed. */
export function expectSame(found: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  if (found === undefined) expect.fail(`${what}: nothing is there, expected ${expected.byteLength} bytes`)
  if (Buffer.compare(found, expected) === 0) return
  const at = expected.findIndex((byte, index) => found[index] !== byte)
  expect.fail(
    `${what}: got ${found.byteLength} bytes, expected ${expected.byteLength}; the first that differs is at ${at < 0 ? expected.byteLength : at}`,
  )
}

export async function expectContent(access: Access, path: string, expected: Uint8Array): Promise<void> {
  expectSame(await access.read(path), expected, `the content of ${JSON.stringify(path)} in the service`)
}

export async function expectAbsent(access: Access, path: string): Promise<void> {
  expect((await access.read(path))?.byteLength, `bytes of ${JSON.stringify(path)} in the service`).toBeUndefined()
}

/** Waits until the driver has told of a file with this content, by itself. */
export async function noticed(
  service: RunningService,
  path: string,
  hash: string | undefined,
  timeout = 10_000,
): Promise<void> {
  await waitUntil(() => service.plug.known.get(path)?.hash === hash, {
    timeout,
    what: () =>
      `${JSON.stringify(path)} was not told to ${hash === undefined ? 'be gone' : 'have its content'}. ${service.describe()}`,
  })
}

/** After catching up, the driver must have told of this. */
export function expectKnown(service: RunningService, path: string, hash: string): void {
  expect(service.plug.known.get(path)?.hash, `what was told of ${JSON.stringify(path)}. ${service.describe()}`).toBe(
    hash,
  )
}
