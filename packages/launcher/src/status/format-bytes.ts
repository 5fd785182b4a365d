const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `999 B`, `1.2 MB`; decimal units, as the sizes in a setup. */
export function formatBytes(bytes: number): string {
  const exponent = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** exponent
  return `${exponent === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[exponent]}`
}
