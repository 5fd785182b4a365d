/** Closed until it is opened, once. */
export interface Gate {
  open(): void
  /** Resolves when the gate is open or the signal is aborted. */
  passed(signal: AbortSignal): Promise<void>
}

export function createGate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    open: () => open(),
    async passed(signal) {
      if (signal.aborted) return
      let stop = () => {}
      const aborted = new Promise<void>((resolve) => {
        stop = resolve
      })
      signal.addEventListener('abort', stop)
      await Promise.race([opened, aborted])
      signal.removeEventListener('abort', stop)
    },
  }
}
