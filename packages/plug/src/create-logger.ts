import { createRequire } from 'node:module'
import type { NewEvent } from '@onitu/protocol'
import type { Logger, pino } from 'pino'

/**
 * Gives a pino logger of which each line becomes an event on the session's bus. It is made, and pino loaded, when it is asked for the first time: pino is in
 * forty files, which take a tenth of the time in which a service starts, and most services have nothing to say.
 */
export function createLogger(name: string, debug: boolean, emit: (event: NewEvent) => void): () => Logger {
  const write = (line: string) => {
    const { level, msg, time: _time, pid: _pid, hostname: _host, ...rest } = JSON.parse(line) as Record<string, unknown>
    const detail = Object.keys(rest).length === 0 ? {} : { detail: JSON.stringify(rest) }
    emit({ type: 'log', process: name, level: Number(level), message: String(msg ?? ''), ...detail })
  }
  let logger: Logger | undefined
  return () => {
    logger ??= loadPino()({ level: debug ? 'debug' : 'info', base: null }, { write })
    return logger
  }
}

/** At once: whoever logs does not wait for it. */
function loadPino(): typeof pino {
  const load = createRequire(import.meta.url) as (name: 'pino') => { readonly pino: typeof pino }
  return load('pino').pino
}
