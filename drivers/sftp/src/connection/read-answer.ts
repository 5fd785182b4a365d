import * as sftp from '../protocol/packets.ts'
import type { Answer } from '../protocol/sftp-channel.ts'
import { SftpStatusError } from './sftp-status.ts'

/** @throws SftpStatusError where the server says that it failed */
export function successful(answer: Answer): Answer {
  if (answer.type === 'status' && answer.code !== 0) throw new SftpStatusError(answer.code, answer.message)
  return answer
}

/** @throws RangeError where it is something else, as the others here */
export function attributesOf(answer: Answer): sftp.SftpAttributes {
  return answer.type === sftp.ATTRS ? answer.fields.attributes() : unexpected(answer)
}

/** The first `count` numbers of 64 bits of an extended reply. */
export function numbersOf(answer: Answer, count: number): number[] {
  if (answer.type !== sftp.EXTENDED_REPLY) return unexpected(answer)
  return Array.from({ length: count }, () => answer.fields.u64())
}

export function unexpected(answer: Answer): never {
  throw new RangeError(`An answer of the type ${answer.type} that was not to be expected`)
}
