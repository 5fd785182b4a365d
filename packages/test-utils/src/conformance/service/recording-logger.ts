import type { DriverPlug } from '@onitu/plug'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** A logger that tells a function what it is told, errors with all that they hold. */
export function recordingLogger(record: (text: string) => void): DriverPlug['logger'] {
  const write = (...parts: readonly unknown[]) => record(parts.map(textOf).join(' '))
  const logger = { ...Object.fromEntries(LEVELS.map((level) => [level, write])), child: () => logger }
  // What drivers use of pino's Logger is these methods; the rest of it configures a real one.
  return logger as unknown as DriverPlug['logger']
}

function textOf(part: unknown): string {
  if (part instanceof Error) return `${part.stack} ${textOf(part.cause ?? '')}`
  if (typeof part !== 'object' || part === null) return String(part)
  return Object.entries(part)
    .map(([name, value]) => `${name}: ${value instanceof Error ? textOf(value) : JSON.stringify(value)}`)
    .join(', ')
}
