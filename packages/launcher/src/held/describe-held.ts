import type { HeldDeletions } from './held-deletions.ts'

/** What is held, and what somebody can do about it, in one line. */
export function describeHeld(held: HeldDeletions): string {
  const { service, folder } = held
  const where = `${word(service)} --folder ${word(folder)}`
  return `${describeCount(held)} deleted on ${service} in folder ${folder}, nowhere else yet: \`onitu approve ${where}\` deletes them everywhere, \`onitu reject ${where}\` brings them back`
}

/** `1 file and 2 directories` */
export function describeCount({ files, directories }: Pick<HeldDeletions, 'files' | 'directories'>): string {
  const parts = [
    ...(files > 0 || directories === 0 ? [`${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}`] : []),
    ...(directories > 0
      ? [`${directories.toLocaleString('en')} ${directories === 1 ? 'directory' : 'directories'}`]
      : []),
  ]
  return parts.join(' and ')
}

/** As a shell takes it for one word. */
function word(name: string): string {
  return /^[\w.@%+=,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
