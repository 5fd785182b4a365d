import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'

/** All of stdin. */
export function readInput(): Promise<Uint8Array> {
  return buffer(process.stdin)
}

/** The lines of stdin that are not blank, each with its number (from 1). */
export async function* readLines(): AsyncGenerator<{ readonly number: number; readonly text: string }> {
  let number = 0
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (text.trim() !== '') yield { number, text }
  }
}
