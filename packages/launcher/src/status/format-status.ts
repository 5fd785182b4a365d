import { localTime, printable } from '../bus/printable.ts'
import { describeHeld } from '../held/describe-held.ts'
import { formatBytes } from './format-bytes.ts'
import type { ServiceStatus, Status } from './status.ts'

/** A long list says how much more there is; `--json` has all. */
const SHOWN = 10

/** The status for people: aligned tables. */
export function formatStatus(status: Status): string {
  const sections = [
    `Session ${status.session} (${status.setup})`,
    table(
      [['PROCESS', 'STATE', 'PID', 'RESTARTS', 'MEMORY', ''], ...status.processes.map(processRow)],
      new Set([2, 3, 4]),
    ),
    table(
      [
        ['SERVICE', 'DRIVER', 'STATE', 'FILES', 'DIRECTORIES', 'UP TO DATE', 'PENDING', 'FAILED', ''],
        ...status.services.map(serviceRow),
      ],
      new Set([3, 4, 5, 6, 7]),
    ),
    ...unavailableHint(status),
    ...remotes(status),
    ...list(
      'Failed',
      status.services.flatMap((service) => failedLines(service)),
    ),
    ...list('Held deletions', (status.held ?? []).map(describeHeld)),
    ...conflictLine(status.conflicts ?? []),
  ]
  return sections.join('\n\n')
}

function unavailableHint({ services }: Status): string[] {
  if (services.every(({ unavailable }) => unavailable.length === 0)) return []
  return [
    'Until a folder is available again it is neither read nor written, and what is missing in it is not deleted elsewhere.',
  ]
}

function remotes({ majordomo }: Status): string[] {
  if (majordomo === undefined) return []
  const { clients, refused } = majordomo
  const refusals =
    refused === null ? 'Majordomo does not answer' : `${refused.toLocaleString('en')} connections refused`
  const rows = clients.map(({ service, driver, state, since, reason }) => [
    service,
    driver,
    since === null ? state : `${state} since ${localTime(since).slice(0, -'.000'.length)}`,
    reason,
  ])
  return [`${table([['REMOTE', 'HOSTS', 'STATE', ''], ...rows], new Set())}\n${refusals}`]
}

function processRow(process: Status['processes'][number]): string[] {
  const { name, state, pid, restarts, memory, reason } = process
  return [
    name,
    state,
    pid === null ? '-' : String(pid),
    String(restarts),
    memory === null ? '-' : formatBytes(memory),
    reason,
  ]
}

function serviceRow(service: ServiceStatus): string[] {
  const { name, driver, state, counts, failed, unavailable } = service
  const note = unavailable.map(({ folder, reason }) => `${folder} is unavailable: ${reason}`).join('; ')
  if (counts === null) return [name, driver, state, '?', '?', '?', '?', '?', note]
  const pending = counts.pending + counts.reported
  const numbers = [counts.files, counts.directories, counts.upToDate, pending, failed.length].map((count) =>
    count.toLocaleString('en'),
  )
  return [name, driver, state, ...numbers, note]
}

function failedLines({ name, failed }: ServiceStatus): string[] {
  return failed.map(
    ({ folder, path, code, message, attempts }) =>
      `${name}: '${path}' in folder ${folder} (${code}, ${attempts} attempts): ${message}`,
  )
}

function conflictLine(conflicts: NonNullable<Status['conflicts']>): string[] {
  const files = new Set(conflicts.map(({ folder, path }) => `${folder}:${path}`)).size
  if (files === 0) return []
  return [`${files === 1 ? '1 file is' : `${files} files are`} in conflict, see \`onitu conflicts\`.`]
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more (see --json)`] : []
  return [[`${title}:`, ...lines.slice(0, SHOWN).map((line) => `  ${printable(line)}`), ...more].join('\n')]
}

/** Columns padded to their widest cell; `right` are those that hold numbers. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))))
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(printable(cell), widths[column] ?? 0, right.has(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, columns: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, columns - width(cell)))
  return right ? `${space}${cell}` : `${cell}${space}`
}

function width(cell: string): number {
  return [...printable(cell)].length
}
