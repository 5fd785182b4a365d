import { printable } from '../bus/printable.ts'
import { askSession } from '../control/control-client.ts'
import type { FileArgument } from '../history/locate-file.ts'
import type { FoundSession } from '../session/find-session.ts'

/** `onitu restore FILE --version N` */
export async function restore(session: FoundSession, file: FileArgument, version: number): Promise<void> {
  const { folder, path, service } = await askSession(session, { type: 'restore', file, version })
  const name = printable(`'${path}' in folder ${folder}`)
  const done =
    service === null
      ? `${name} has the content of version ${version} already`
      : `restored version ${version} of ${name} on ${service}; it goes to the others from there`
  process.stdout.write(`${done}\n`)
}
