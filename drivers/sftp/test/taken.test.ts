import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metadata } from '@onitu/plug'
import { temporaryFolder } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { Session } from '../src/connection/session.ts'
import { connectionLost, FAILURE, SftpStatusError, UNSUPPORTED } from '../src/connection/sftp-status.ts'
import { deleteFile, setAttributes } from '../src/files/changing.ts'
import { cleanLeftovers, cleanTemporaries } from '../src/files/clean-temporaries.ts'
import { writeSmall } from '../src/files/small-writes.ts'
import { FREE } from '../src/files/transfer.ts'
import type { Folder } from '../src/folder.ts'
import { readOptions } from '../src/options/read-options.ts'
import { TEMPORARY_DIRECTORY } from '../src/paths.ts'
import { tokenOf } from '../src/token.ts'

const problem = openSshProblem()

type Method = 'rename' | 'hardlink' | 'setstat'

/** Somebody does something just before the server gets the first such request, the second one, and so on. */
function before(method: Method, ...acts: (() => void)[]): void {
  const original: (...given: never[]) => Promise<void> = Session.prototype[method]
  const spy = vi.spyOn(Session.prototype, method)
  for (const act of acts)
    spy.mockImplementationOnce(function (this: Session, ...given: unknown[]) {
      act()
      return original.apply(this, given as never[])
    })
}

describe.skipIf(problem !== undefined)(
  `between the look at a file and what is done to it${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    let server: OpenSshServer
    let root: string
    let folder: Folder
    let session: Session
    const open = async () => {
      const { host, port, user, hostKey, clientKey } = server
      const connection = await connect(
        readOptions({ host, port, user, host_key: hostKey, private_key_file: clientKey }),
      )
      onTestFinished(() => connection.close())
      return connection.session
    }
    beforeAll(async () => {
      server = await OpenSshServer.start()
    })
    afterAll(() => server.close())
    beforeEach(async () => {
      const temporary = await temporaryFolder()
      onTestFinished(() => temporary.remove())
      onTestFinished(() => {
        vi.restoreAllMocks()
      })
      root = temporary.path
      mkdirSync(join(root, TEMPORARY_DIRECTORY), { recursive: true })
      folder = {
        absolute: (path: string) => join(root, path),
        require: async () => undefined,
        requireMarker: async () => undefined,
        leftovers: new Set(),
      } as unknown as Folder
      session = await open()
    })

    /** Puts a content at the path, as another program would, and gives its state. */
    const put = (content: string, path = 'file') => {
      rmSync(join(root, path), { force: true })
      writeFileSync(join(root, path), content)
      return tokenAt(path)
    }
    const tokenAt = (path: string) => {
      const { mode, size, mtimeMs } = lstatSync(join(root, path))
      return tokenOf({ mode, size, mtime: Math.floor(mtimeMs / 1000) })
    }
    const contents = () =>
      readdirSync(root)
        .filter((name) => name !== '.onitu')
        .map((name) => `${name.replace(/-.*/, '')}: ${readFileSync(join(root, name), 'utf8')}`)
        .sort()
    const temporaries = () => readdirSync(join(root, TEMPORARY_DIRECTORY))
    const metadata = (size: number): Metadata => ({
      fid: '8ba7b810-9dad-11d1-80b4-00c04fd430c8',
      folder: 'default',
      path: 'file',
      kind: 'file',
      size,
      mtime: 0,
      mode: null,
      hash: '',
      mimetype: '',
      version: 1,
    })
    const signal = new AbortController().signal
    const replace = (content: string, token: string) =>
      writeSmall(
        session,
        folder,
        { metadata: metadata(content.length), content: Buffer.from(content), fsync: false, logger: console as never },
        { token, signal },
        FREE,
      )
    const conflict = { code: 'CONFLICT' }

    test('a file that is deleted is gone, and nothing of it is left', async () => {
      await deleteFile(session, folder, metadata(3), put('old'))
      expect([contents(), temporaries()]).toEqual([[], []])
    })

    test('a file that cannot get another name, as on a full disk, is deleted all the same', async () => {
      const token = put('old')
      vi.spyOn(Session.prototype, 'rename').mockRejectedValueOnce(new SftpStatusError(FAILURE, 'Failure'))
      await deleteFile(session, folder, metadata(3), token)
      expect([contents(), temporaries()]).toEqual([[], []])
    })

    test('a file that is gone by then is no failure', async () => {
      const token = put('old')
      before('rename', () => rmSync(join(root, 'file')))
      await deleteFile(session, folder, metadata(3), token)
      expect([contents(), temporaries()]).toEqual([[], []])
    })

    test('a file that another program puts in the place of one that is to be deleted stays', async () => {
      const token = put('old')
      before('rename', () => put('of another'))
      await expect(deleteFile(session, folder, metadata(3), token)).rejects.toMatchObject(conflict)
      expect([contents(), temporaries()]).toEqual([['file: of another'], []])
    })

    test('nor is one lost that comes while it goes back', async () => {
      const token = put('old')
      before(
        'rename',
        () => put('of another'),
        () => put('the third'),
      )
      await expect(deleteFile(session, folder, metadata(3), token)).rejects.toMatchObject(conflict)
      expect([contents(), temporaries()]).toEqual([['file: the third', 'kept: of another'], []])
    })

    test('a file that is replaced is gone, and nothing of it is left', async () => {
      await replace('new', put('old!'))
      expect([contents(), temporaries()]).toEqual([['file: new'], []])
    })

    test('a file that another program puts in the place of one that is to be replaced stays', async () => {
      const token = put('old')
      before('hardlink', () => put('of another'))
      await expect(replace('new', token)).rejects.toMatchObject(conflict)
      expect([contents(), temporaries()]).toEqual([['file: of another'], []])
    })

    test('on a server without second names a file is replaced without another look', async () => {
      const token = put('old!')
      vi.spyOn(Session.prototype, 'hardlink').mockRejectedValueOnce(new SftpStatusError(UNSUPPORTED, 'unsupported'))
      await replace('new', token)
      expect([contents(), temporaries()]).toEqual([['file: new'], []])
    })

    test('what cannot be put in its place leaves what is there, under its one name', async () => {
      const token = put('old!')
      vi.spyOn(Session.prototype, 'replace').mockRejectedValueOnce(new SftpStatusError(UNSUPPORTED, 'unsupported'))
      await expect(replace('new', token)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
      expect([contents(), temporaries()]).toEqual([['file: old!'], []])
      expect(lstatSync(join(root, 'file')).nlink).toBe(1)
    })

    test('a file that another program puts in the place of one that is to get other attributes is not taken for that', async () => {
      const token = put('old')
      before('setstat', () => put('of another'))
      await expect(setAttributes(session, folder, metadata(3), { token, signal })).rejects.toMatchObject(conflict)
      expect(contents()).toEqual(['file: of another'])
    })

    test('what was put aside when the connection was lost goes with the next one', async () => {
      const token = put('old')
      const original = Session.prototype.rename
      vi.spyOn(Session.prototype, 'rename').mockImplementationOnce(async function (this: Session, ...given) {
        await original.apply(this, given)
        this.end(connectionLost())
        throw connectionLost()
      })
      await expect(deleteFile(session, folder, metadata(3), token)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      expect(temporaries()).toHaveLength(1)
      await cleanLeftovers(await open(), folder)
      expect([contents(), temporaries(), [...folder.leftovers]]).toEqual([[], [], []])
    })

    test('of what a killed process has put aside, what was to go goes, and what was not comes back as a new file', async () => {
      const [expected, other] = [put('expected', 'a'), put('of another', 'b')]
      const aside = (token: string) => join(root, TEMPORARY_DIRECTORY, `taken-${metadata(0).fid}-${token}`)
      writeFileSync(aside(expected), 'expected')
      const { mtime } = lstatSync(join(root, 'a'))
      utimesSync(aside(expected), mtime, mtime)
      writeFileSync(aside(other.replace('f', 'f1')), 'of another')
      for (const path of ['a', 'b']) rmSync(join(root, path))
      await cleanTemporaries(session, folder)
      expect([contents(), temporaries()]).toEqual([['kept: of another'], []])
    })
  },
)
