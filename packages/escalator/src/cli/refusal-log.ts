import type { Candidate } from '../messaging/authenticator.ts'

/** Most different refusals that are remembered. */
const CAPACITY = 1_000

/**
 * Says of each key and address once that it was refused: a client that is refused tries again about every second. Among
 * very many of them, some are said again.
 */
export function createRefusalLog(write: (line: string) => void): (candidate: Candidate) => void {
  const said = new Set<string>()
  return ({ publicKey, address }) => {
    const line = `Refused ${address}: its public key ${publicKey} is not on the list of allowed keys`
    if (said.has(line)) return
    if (said.size >= CAPACITY) said.clear()
    said.add(line)
    write(line)
  }
}
