/** The name under which content that is in the way is kept: the same service and time give the same name. */
export function asidePath(path: string, service: string, time: number): string {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  const dot = name.lastIndexOf('.')
  const cut = dot > 0 ? dot : name.length
  const date = new Date(time).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-')
  return `${path.slice(0, slash)}${name.slice(0, cut)} (conflict of ${service}, ${date})${name.slice(cut)}`
}
