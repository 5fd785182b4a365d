/** Ends early, without an error, when the signal is aborted, or by the function that `early` gets. */
export function pause(delay: number, signal: AbortSignal, early?: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delay)
    signal.addEventListener('abort', done)
    early?.(done)
    if (signal.aborted) done()
  })
}
