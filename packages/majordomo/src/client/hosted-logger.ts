import type { PlugBackend } from '@onitu/plug'
import { pino } from 'pino'

/** A pino logger of which each line goes to a function. `level` as pino's. */
export function createHostedLogger(
  debug: boolean,
  write: (level: number, message: string) => void,
): PlugBackend['logger'] {
  return pino(
    { level: debug ? 'debug' : 'info', base: null },
    {
      write(line: string) {
        const { level, msg, time: _time, ...rest } = JSON.parse(line) as Record<string, unknown>
        const detail = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`
        write(Number(level), `${String(msg ?? '')}${detail}`)
      },
    },
  )
}
