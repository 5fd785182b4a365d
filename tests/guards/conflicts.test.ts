import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ConflictedFile, FileHistory, Status } from '@onitu/launcher'
import { beforeAll, describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

type Name = 'left' | 'right' | 'third'
/** Each case has a directory with one file in conflict: right has the newer content and keeps the name. */
const CASES = ['list', 'winner', 'loser', 'both', 'copy', 'delete', 'rename', 'directory', 'edit', 'kill', 'errors']
const FIRST = Date.now() / 1000 - 1000

describe('a file that was changed in two places', () => {
  const hub = sharedHub(threeFolders())

  const path = (service: Name, name: string) => hub().services[service].path('default', name)
  const text = (service: Name, name: string) => readFileSync(path(service, name), 'utf8')
  const filesIn = (service: Name, directory: string) => readdirSync(path(service, directory)).sort()
  const onitu = (...parameters: string[]) => hub().launcher.run(...parameters)

  const write = (service: Name, name: string, content: string, time: number) => {
    mkdirSync(dirname(path(service, name)), { recursive: true })
    writeFileSync(path(service, name), content)
    utimesSync(path(service, name), time, time)
  }

  const conflictsIn = async (directory: string): Promise<ConflictedFile[]> => {
    const { status, stdout } = await onitu('conflicts', '--json')
    expect(status).toBe(0)
    return JSON.parse(stdout).filter((file: ConflictedFile) => file.path.startsWith(`${directory}/`))
  }

  const copyIn = async (directory: string): Promise<string> => {
    const [file] = await conflictsIn(directory)
    return file?.copies[0]?.path ?? 'no copy'
  }

  /** The contents of all files of all services, and of what they keep in their histories. */
  const everything = (): string[] =>
    Object.values(hub().services).flatMap((service) => {
      const root = service.folderPath('default')
      const entries = readdirSync(root, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
    })

  /** What is in the directory of a case, the same everywhere. */
  const contents = async (directory: string): Promise<Record<string, string>> => {
    const { launcher, services } = hub()
    await launcher.settle()
    await expectEqualTrees([services.left, services.right, services.third])
    return Object.fromEntries(filesIn('third', directory).map((name) => [name, text('third', `${directory}/${name}`)]))
  }

  beforeAll(async () => {
    await onitu('service', 'stop', 'right')
    for (const name of CASES) {
      write('left', `${name}/a.txt`, `${name} of left`, FIRST)
      write('right', `${name}/a.txt`, `${name} of right`, FIRST + 1)
    }
    await onitu('service', 'start', 'right')
    await hub().launcher.settle()
  })

  test('is listed with all its contents', async () => {
    const copy = await copyIn('list')
    expect(await conflictsIn('list')).toMatchObject([
      {
        folder: 'default',
        path: 'list/a.txt',
        original: { service: 'right', kind: 'file', size: 13, deleted: false },
        copies: [{ service: 'left', size: 12, path: copy, winner: 'right' }],
      },
    ])
    expect(copy).toMatch(/^list\/a \(conflict of left, .*\)\.txt$/)
    const { stdout } = await onitu('conflicts')
    expect(stdout).toMatch(
      /'list\/a\.txt' in folder default\n.*FILE\n {2}right .* 13 B {2}list\/a\.txt\n {2}left .* 12 B {2}list\/a \(/,
    )
    expect(stdout).toContain('onitu resolve FILE --keep SERVICE')
  })

  test('is counted in the status', async () => {
    const status: Status = JSON.parse((await onitu('status', '--json')).stdout)
    expect(status.conflicts).toHaveLength(CASES.length)
    expect((await onitu('status')).stdout).toContain(`${CASES.length} files are in conflict, see \`onitu conflicts\``)
  })

  test('keeps what is at the path, and the copy goes', async () => {
    const result = await onitu('resolve', 'winner/a.txt', '--keep', 'right')
    expect(result).toMatchObject({ status: 0, stderr: '' })
    expect(result.stdout).toMatch(/^resolved 'winner\/a\.txt' in folder default: it has the content of right now; /)
    expect(await contents('winner')).toEqual({ 'a.txt': 'winner of right' })
    expect(await conflictsIn('winner')).toEqual([])
    expect(await onitu('resolve', 'winner/a.txt', '--keep', 'right')).toMatchObject({ status: 1 })
  })

  test('takes the content of the copy, and what it had is in its history', async () => {
    expect(await onitu('resolve', path('third', 'loser/a.txt'), '--keep', 'left')).toMatchObject({ status: 0 })
    expect(await contents('loser')).toEqual({ 'a.txt': 'loser of left' })
    expect(await conflictsIn('loser')).toEqual([])
    const { versions }: FileHistory = JSON.parse((await onitu('history', 'loser/a.txt', '--json')).stdout)
    const former = versions.find(({ origin, size }) => origin === 'right' && size === 14)
    expect(former?.keptBy).not.toEqual([])
  })

  test('stays with its copy when both are kept', async () => {
    const copy = await copyIn('both')
    const { stdout } = await onitu('resolve', 'both/a.txt', '--keep', 'both')
    expect(stdout).toContain(`it and '${copy}' stay as they are`)
    expect(Object.values(await contents('both'))).toEqual(['both of left', 'both of right'])
    expect(await conflictsIn('both')).toEqual([])
  })

  test('is named by its copy as well', async () => {
    const copy = await copyIn('copy')
    expect(await onitu('resolve', path('right', copy), '--keep', 'left')).toMatchObject({ status: 0 })
    expect(await contents('copy')).toEqual({ 'a.txt': 'copy of left' })
  })

  test('is in conflict no more when the copy is deleted, or renamed', async () => {
    const [deleted, renamed] = [await copyIn('delete'), await copyIn('rename')]
    rmSync(path('third', deleted))
    renameSync(path('right', renamed), path('right', 'rename/b.txt'))
    expect(await contents('delete')).toEqual({ 'a.txt': 'delete of right' })
    expect(await contents('rename')).toEqual({ 'a.txt': 'rename of right', 'b.txt': 'rename of left' })
    expect(await conflictsIn('delete')).toEqual([])
    expect(await conflictsIn('rename')).toEqual([])
  })

  test('cannot take the place of a directory', async () => {
    rmSync(path('left', 'directory/a.txt'))
    await hub().launcher.settle()
    write('left', 'directory/a.txt/inside', 'inside', FIRST)
    await hub().launcher.settle()
    const { status, stderr } = await onitu('resolve', 'directory/a.txt', '--keep', 'left')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^'directory\/a\.txt' in folder default is a directory now, /)
    expect(await conflictsIn('directory')).toMatchObject([{ original: { kind: 'directory' } }])
    await contents('directory/a.txt')
  })

  test.each([
    ['of a service that is not there', ['errors/a.txt', '--keep', 'nobody'], 1, 'There is no service "nobody"; '],
    ['of a directory', ['errors', '--keep', 'left'], 1, "'errors' in folder default is in no conflict"],
    ['of a file in no folder', ['/etc/hostname', '--keep', 'left'], 1, 'is in no folder'],
    ['without a choice', ['errors/a.txt'], 2, "required option '--keep <service>' not specified"],
  ])('is left as it is by a wrong command: %s', async (_title, parameters, status, message) => {
    const result = await onitu('resolve', ...parameters)
    expect(result.stderr).toContain(message)
    expect(result.status).toBe(status)
    expect(Object.keys(filesIn('left', 'errors'))).toHaveLength(2)
  })

  test('loses nothing of what is written to either file at the same moment', async () => {
    const copy = await copyIn('edit')
    const resolved = onitu('resolve', 'edit/a.txt', '--keep', 'left')
    const written: string[] = []
    for (let running = true, at = 0; running; at++) {
      for (const [service, name] of [
        ['right', 'edit/a.txt'],
        ['third', copy],
      ] as const) {
        try {
          writeFileSync(path(service, name), `${name} edit ${at}`, { flag: 'r+' })
          written[service === 'right' ? 0 : 1] = `${name} edit ${at}`
        } catch (error) {
          // It was deleted or is being replaced: the user would have noticed.
          if (Object(error).code !== 'ENOENT') throw error
        }
      }
      running = await Promise.race([
        resolved.then(() => false),
        new Promise<boolean>((next) => setImmediate(next, true)),
      ])
    }
    expect([0, 1]).toContain((await resolved).status)
    await contents('edit')
    expect(everything()).toEqual(expect.arrayContaining(written))
  })

  test('is resolved by the Referee that comes after one that was killed', async () => {
    const { launcher } = hub()
    process.kill(launcher.pid('referee') ?? 0, 'SIGKILL')
    expect(await onitu('resolve', 'kill/a.txt', '--keep', 'right')).toMatchObject({ status: 0 })
    expect(await contents('kill')).toEqual({ 'a.txt': 'kill of right' })
    expect(await conflictsIn('kill')).toEqual([])
  })
})
