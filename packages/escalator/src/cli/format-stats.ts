import type { ServerStats } from '../wire/stats.ts'

/** For people: a few lines, and a table of the databases. */
export function formatStats(stats: ServerStats): string {
  const { connections, requests, ranges, snapshots, refused, malformed, undelivered, dropped } = stats
  const lines = [
    `Up for ${duration(stats.uptime)}, with ${bytes(stats.memory)} of memory`,
    `${connections} connections, ${requests} requests, ${ranges} open ranges, ${snapshots} open snapshots, ${stats.watches} watches`,
    `${bytes(stats.bytesReceived)} received, ${bytes(stats.bytesSent)} sent`,
    `${refused} connections refused, ${malformed} messages malformed, ${undelivered} not delivered, ${dropped} clients dropped`,
    '',
  ]
  const rows = Object.entries(stats.databases).map(([name, { requests, size }]) => [name, `${requests}`, bytes(size)])
  return `${[...lines, ...table([['DATABASE', 'REQUESTS', 'ON DISK'], ...rows])].join('\n')}\n`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), UNITS.length - 1)
  return `${(count / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes === 0) return `${Math.floor(ms / 1000)} s`
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes} min` : `${Math.floor(hours / 24)} d ${hours % 24} h ${minutes % 60} min`
}
