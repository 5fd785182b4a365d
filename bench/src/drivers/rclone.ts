import { execute, succeed } from '../execute.ts'
import type { Remote } from './remote.ts'

/** Why rclone cannot take part. */
export async function rcloneProblem(): Promise<string | undefined> {
  try {
    return (await execute('rclone', ['version'])).status === 0 ? undefined : 'rclone does not run'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return 'rclone is missing (Debian: rclone)'
    throw error
  }
}

/** rclone with its defaults, on a server of which it knows as much as it needs to log in. */
export class Rclone {
  readonly #environment: NodeJS.ProcessEnv

  constructor({ rclone }: Remote) {
    const settings = Object.entries(rclone).map(([name, value]) => [`RCLONE_CONFIG_BENCH_${name}`, value])
    // The servers are here and without TLS; rclone 1.60 does not start at all where its S3 library is given certificates.
    const { AWS_CA_BUNDLE: _, ...environment } = process.env
    this.#environment = { ...environment, RCLONE_CONFIG: '/dev/null', ...Object.fromEntries(settings) }
  }

  upload(source: string, folder: string): Promise<unknown> {
    return succeed('rclone', ['sync', source, `bench:${folder}`], this.#environment)
  }

  download(folder: string, target: string): Promise<unknown> {
    return succeed('rclone', ['sync', `bench:${folder}`, target], this.#environment)
  }

  /** Fails when the server does not hold the same contents. */
  check(source: string, folder: string): Promise<unknown> {
    const exclude = ['--exclude', '.onitu/**']
    return succeed('rclone', ['check', '--download', ...exclude, source, `bench:${folder}`], this.#environment)
  }

  purge(folder: string): Promise<unknown> {
    return succeed('rclone', ['purge', `bench:${folder}`], this.#environment)
  }
}
