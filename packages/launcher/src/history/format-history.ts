import { localTime } from '../bus/printable.ts'
import { formatBytes } from '../status/format-bytes.ts'
import { table } from '../status/format-status.ts'
import type { FileHistory, FileVersion } from './file-history.ts'

/** The versions of a file for people. */
export function formatHistory({ folder, path, versions, unasked }: FileHistory): string {
  const rows = versions.map((version) => [
    String(version.version),
    version.mtime === null || version.deleted ? '-' : withoutFractions(version.mtime),
    version.deleted || version.kind === 'directory' ? '-' : formatBytes(version.size),
    version.origin,
    describe(version, path),
  ])
  const lines = [
    `${folder}: ${path}`,
    table([['VERSION', 'MODIFIED', 'SIZE', 'BY', 'CONTENT'], ...rows], new Set([0, 2])),
  ]
  if (unasked.length > 0) lines.push(`Not asked, since they do not run: ${unasked.join(', ')}`)
  return lines.join('\n')
}

function describe(version: FileVersion, path: string): string {
  const { deleted, kind, movedFrom, movedTo } = version
  if (deleted) return movedTo === null ? 'deleted' : `moved to '${movedTo}'`
  const notes = [
    ...(movedFrom === null ? [] : [`moved from '${movedFrom}'`]),
    ...(version.path === path ? [] : [`as '${version.path}'`]),
  ]
  return [kind === 'directory' ? 'a directory' : whereabouts(version), ...notes].join(', ')
}

function whereabouts({ current, heldBy, keptBy }: FileVersion): string {
  if (current) return 'current'
  const held = [...new Set(heldBy.map(({ service }) => service))].map((service) => `held by ${service}`)
  const kept = keptBy.map(({ service, since }) => `kept by ${service} since ${withoutFractions(since)}`)
  return [...held, ...kept].join(', ') || 'gone'
}

function withoutFractions(time: number): string {
  return localTime(time).replace(/\.\d+$/, '')
}
