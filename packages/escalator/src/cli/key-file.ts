import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { systemCode } from '@onitu/protocol'
import { generateKeyPair, type KeyPair, publicKeyOf } from '../messaging/curve-keys.ts'
import { decodeKey } from '../messaging/z85.ts'
import { CommandFailed } from './command-failed.ts'
import { exitStatus } from './exit-status.ts'

/** Permission bits of the group and of everybody. */
const OTHERS = 0o077

/** Makes a key pair: `path` holds the secret key, `path.pub` the public one. Nothing is overwritten. */
export async function createKeyFile(path: string): Promise<KeyPair> {
  const pair = generateKeyPair()
  await writeNew(path, 0o600, `# Secret key. Who has it is taken for you: keep it.\n${pair.secretKey}\n`)
  await writeNew(publicPath(path), 0o644, `${pair.publicKey}\n`)
  return pair
}

export function publicPath(path: string): string {
  return `${path}.pub`
}

/** @throws CommandFailed when others can read the file, or there is no key in it */
export async function readKeyPair(path: string): Promise<KeyPair> {
  const { mode } = await explained(path, stat(path))
  if ((mode & OTHERS) !== 0) {
    const shown = (mode & 0o777).toString(8)
    throw new CommandFailed(
      exitStatus.error,
      `Others can use the secret key ${path} (mode ${shown}): chmod 600 ${path}`,
    )
  }
  const secretKey = findKey(path, await readFile(path, 'utf8'))
  return { secretKey, publicKey: publicKeyOf(secretKey) }
}

export async function readPublicKey(path: string): Promise<string> {
  return findKey(path, await explained(path, readFile(path, 'utf8')))
}

/** The one key of a file; comments may be around it. The message does not show what else is in the file. */
function findKey(path: string, text: string): string {
  const keys = text.split(/\s+/).filter((word) => decodeKey(word) !== undefined)
  const [key] = keys
  if (key !== undefined && keys.length === 1) return key
  const problem = `Expected one key (40 characters) in ${path}, found ${keys.length}`
  throw new CommandFailed(exitStatus.error, `${problem}; \`escalator keys generate\` makes such files`)
}

async function writeNew(path: string, mode: number, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', mode)
    try {
      await writeFile(file, text)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause
    throw new CommandFailed(exitStatus.error, `${path} is there already, and is left as it is; choose another name`)
  }
}

async function explained<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause
    throw new CommandFailed(exitStatus.error, `There is no key file ${path}; \`escalator keys generate\` makes one`)
  }
}
