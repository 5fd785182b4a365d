/** The names under which content that is in the way may be kept, the first one first: the same service and time give the same names. */
export function asidePath(path: string, service: string, time: number, count = 1): string {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  const dot = name.lastIndexOf('.')
  const cut = dot > 0 ? dot : name.length
  const date = new Date(time).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-')
  const suffix = ` (conflict of ${service}, ${date}${count === 1 ? '' : ` ${count}`})`
  return `${path.slice(0, slash)}${name.slice(0, cut)}${suffix}${name.slice(cut)}`
}
