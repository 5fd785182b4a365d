/** The sample that `npm start` runs: two folders, kept the same. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const setup = `# A setup of Onitu. Change it, then start again.
name: sample
folders:
  docs: {}
services:
  left:
    driver: local-storage
    folders: { docs: ./left }
  right:
    driver: local-storage
    folders: { docs: ./right }
`

const welcome = `This file was made in sample/left. If you read it in sample/right, Onitu has brought it there.

Change it on either side, and watch the other.
`

/**
 * Makes what is missing of the sample. Once the hub has run it, missing folders are left missing: the hub knows them, says that
 * they are not there, and deletes nothing.
 *
 * @param {string} folder
 * @returns {{ folder: string, setup: string, configDirectory: string }}
 */
export function makeSample(folder) {
  const sample = { folder, setup: join(folder, 'setup.yml'), configDirectory: join(folder, 'config') }
  if (!existsSync(sample.configDirectory)) {
    for (const side of ['left/notes', 'right', 'config']) mkdirSync(join(folder, side), { recursive: true })
    writeMissing(join(folder, 'left', 'welcome.txt'), welcome)
    writeMissing(join(folder, 'left', 'notes', 'shopping.txt'), 'bread\nhoney\n')
  }
  writeMissing(sample.setup, setup)
  return sample
}

/**
 * @param {string} shown the folder of the sample, as the user would type it
 * @returns {string}
 */
export function explainSample(shown) {
  return `
Onitu keeps these two folders the same, whatever you do in either:

  ${join(shown, 'left')}
  ${join(shown, 'right')}

Try it in another terminal:

  echo hello > ${join(shown, 'left', 'hello.txt')}
  cat ${join(shown, 'right', 'hello.txt')}
  rm ${join(shown, 'right', 'welcome.txt')}
  ls ${join(shown, 'left')}

How it stands: ${join(shown, '..', 'node_modules', '.bin', 'onitu')} status --config-dir ${join(shown, 'config')}
The setup is ${join(shown, 'setup.yml')}; another one runs with: npm start -- --setup FILE
Ctrl-C stops it. To begin anew, delete ${shown}.
`
}

/**
 * @param {string} file
 * @param {string} content
 */
function writeMissing(file, content) {
  if (!existsSync(file)) writeFileSync(file, content)
}
