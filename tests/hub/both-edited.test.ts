import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

/** The clock of a file system may stand still for some ms: newer has to be said. */
function writeNewer(path: string, content: string): void {
  writeFileSync(path, content)
  const time = Date.now() / 1000 + 1
  utimesSync(path, time, time)
}

describe('what is done on both sides while Onitu is down', () => {
  const hub = sharedHub(twoFolders())

  /** Each case has a directory of its own, with what `before` makes in it on both sides. Gives the contents of its files. */
  const whileDown = async (directory: string, edit: (left: string, right: string) => void): Promise<string[]> => {
    const { launcher, services } = hub()
    const [left, right] = [services.left, services.right].map((service) => service.path('default', directory))
    if (left === undefined || right === undefined) throw new TypeError('Both sides have paths')
    mkdirSync(left)
    writeFileSync(`${left}/doc.txt`, 'first')
    writeFileSync(`${left}/other.txt`, 'other')
    await launcher.settle()
    await launcher.quit()
    edit(left, right)
    await launcher.start()
    await launcher.settle()
    await expectEqualTrees([services.left, services.right])
    return readdirSync(right)
      .sort()
      .map((name) => `${name.replace(/conflict of .*\)/, 'conflict)')}: ${readFileSync(`${right}/${name}`, 'utf8')}`)
  }

  test('two edits of one file are both there on both sides', async () => {
    const contents = await whileDown('edits', (left, right) => {
      writeFileSync(`${left}/doc.txt`, 'of left')
      writeNewer(`${right}/doc.txt`, 'newer, of right')
    })
    expect(contents).toEqual(['doc (conflict).txt: of left', 'doc.txt: newer, of right', 'other.txt: other'])
  })

  test('two files made under one name are both there on both sides', async () => {
    const contents = await whileDown('new', (left, right) => {
      writeFileSync(`${left}/made.txt`, 'of left')
      writeNewer(`${right}/made.txt`, 'newer, of right')
    })
    expect(contents).toEqual([
      'doc.txt: first',
      'made (conflict).txt: of left',
      'made.txt: newer, of right',
      'other.txt: other',
    ])
  })

  test('the same edit on both sides is no conflict', async () => {
    const contents = await whileDown('same', (left, right) => {
      for (const side of [left, right]) writeFileSync(`${side}/doc.txt`, 'the same')
    })
    expect(contents).toEqual(['doc.txt: the same', 'other.txt: other'])
  })

  test('an edit wins against a deletion', async () => {
    const contents = await whileDown('deletion', (left, right) => {
      unlinkSync(`${left}/doc.txt`)
      writeFileSync(`${right}/doc.txt`, 'edited')
    })
    expect(contents).toEqual(['doc.txt: edited', 'other.txt: other'])
  })

  test('a move and an edit both apply', async () => {
    const contents = await whileDown('move', (left, right) => {
      renameSync(`${left}/doc.txt`, `${left}/moved.txt`)
      writeFileSync(`${right}/doc.txt`, 'edited')
    })
    expect(contents).toEqual(['moved.txt: edited', 'other.txt: other'])
  })

  test('changes of different files are all carried out', async () => {
    const contents = await whileDown('different', (left, right) => {
      writeFileSync(`${left}/doc.txt`, 'edited')
      unlinkSync(`${right}/other.txt`)
      writeFileSync(`${right}/added.txt`, 'added')
    })
    expect(contents).toEqual(['added.txt: added', 'doc.txt: edited'])
  })
})
