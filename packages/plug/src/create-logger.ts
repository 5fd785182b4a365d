import type { NewEvent } from '@onitu/protocol'
import { type Logger, pino } from 'pino'

/** A pino logger of which each line becomes an event on the session's bus. */
export function createLogger(name: string, debug: boolean, emit: (event: NewEvent) => void): Logger {
  const write = (line: string) => {
    const { level, msg, time: _time, pid: _pid, hostname: _host, ...rest } = JSON.parse(line) as Record<string, unknown>
    const detail = Object.keys(rest).length === 0 ? {} : { detail: JSON.stringify(rest) }
    emit({ type: 'log', process: name, level: Number(level), message: String(msg ?? ''), ...detail })
  }
  return pino({ level: debug ? 'debug' : 'info', base: null }, { write })
}
