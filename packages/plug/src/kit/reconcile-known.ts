/** In the place of the token of a file or directory about which nothing is sure: it is that of nothing, so whatever is there, or is not, is told once more. */
export const UNSURE = ''

/**
 * For a driver that remembers what its Plug knows (token by path) and asks for it again, because a report failed or its service was away: gives what it is to remember
 * from now on. What was told or written meanwhile may not be in the answer yet, or still be in it, so where the two differ the token is `UNSURE`. Left to the answer, a
 * file that an order has just made and a user deletes would be missed by nobody. To tell twice does no harm.
 */
export function reconcileKnown(
  remembered: ReadonlyMap<string, string>,
  listed: ReadonlyMap<string, string>,
): Map<string, string> {
  const known = new Map(listed)
  for (const path of [...remembered.keys(), ...listed.keys()])
    if (remembered.get(path) !== listed.get(path)) known.set(path, UNSURE)
  return known
}
