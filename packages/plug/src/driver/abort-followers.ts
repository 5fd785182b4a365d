/**
 * Aborts controllers with the signal of a caller, which may be that of hundreds of calls at once: one listener for all of them, since a signal goes through
 * those that it has whenever one is added or removed.
 */
export class AbortFollowers {
  readonly #groups = new Map<AbortSignal, Group>()

  /** Gives the function that ends it. */
  follow(signal: AbortSignal, controller: AbortController): () => void {
    const group = this.#groups.get(signal) ?? this.#begin(signal)
    group.controllers.add(controller)
    return () => {
      if (group.controllers.delete(controller) && group.controllers.size === 0) this.#end(signal, group)
    }
  }

  #begin(signal: AbortSignal): Group {
    const controllers = new Set<AbortController>()
    const stop = () => {
      for (const controller of controllers) controller.abort(signal.reason)
    }
    signal.addEventListener('abort', stop)
    const group = { controllers, stop }
    this.#groups.set(signal, group)
    return group
  }

  #end(signal: AbortSignal, { stop }: Group): void {
    signal.removeEventListener('abort', stop)
    this.#groups.delete(signal)
  }
}

interface Group {
  readonly controllers: Set<AbortController>
  readonly stop: () => void
}
