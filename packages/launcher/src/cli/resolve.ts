import { printable } from '../bus/printable.ts'
import { askSession } from '../control/control-client.ts'
import type { FileArgument } from '../history/locate-file.ts'
import type { FoundSession } from '../session/find-session.ts'

/** `onitu resolve FILE --keep SERVICE|both` */
export async function resolve(session: FoundSession, file: FileArgument, service: string): Promise<void> {
  const { folder, path, keep, copies } = await askSession(session, { type: 'resolve', file, keep: service })
  const listed = copies.map((copy) => `'${copy}'`).join(', ')
  const outcome =
    keep === null
      ? `it and ${listed} stay as they are`
      : `it has the content of ${keep} now; ${listed} ${copies.length === 1 ? 'is' : 'are'} gone`
  process.stdout.write(`${printable(`resolved '${path}' in folder ${folder}: ${outcome}`)}\n`)
}
