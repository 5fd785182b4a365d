import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { generateKeyPair, type KeyPair, publicKeyOf } from '@onitu/escalator/messaging'
import { nameProblem, OnituError, systemCode } from '@onitu/protocol'
import { isKey } from './authorized-key.ts'
import { createFile } from './write-file.ts'

/** Permission bits of the group and of everybody. */
const OTHERS = 0o077
/** Bytes. Who names a wrong file gets a message, not its whole content in memory. */
const MAX_SIZE = 16 * 1024

/** What `onitu keys authorize` is given: the public key of a client, with the name it gives itself. */
export interface PublicKey {
  readonly publicKey: string
  /** Undefined when the file has none. */
  readonly name: string | undefined
}

export function publicKeyPath(path: string): string {
  return `${path}.pub`
}

/**
 * Makes a key pair: `path` holds the secret key (mode 0600), `path.pub` the public one with the name. Nothing is overwritten.
 * @throws OnituError `KEY_FILE_EXISTS`
 */
export async function createKeyFiles(path: string, name: string): Promise<KeyPair> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const pair = generateKeyPair()
  await createKeyFile(path, 0o600, `# Secret key. Who has it is taken for you: keep it.\n${pair.secretKey}\n`)
  await createKeyFile(publicKeyPath(path), 0o644, formatPublicKey({ publicKey: pair.publicKey, name }))
  return pair
}

/** @throws OnituError `NO_KEY_FILE`, `KEY_FILE_EXPOSED` (others can use it), `INVALID_KEY_FILE`; no message shows what is in it */
export async function readSecretKey(path: string): Promise<KeyPair> {
  const file = await openKeyFile(path)
  try {
    // Of the open file, not of the name: that may stand for another one a moment later.
    const { mode } = await file.stat()
    if ((mode & OTHERS) !== 0) {
      throw new OnituError(
        'KEY_FILE_EXPOSED',
        `Others can use the secret key ${path} (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}, and make a new one if others had access`,
      )
    }
    const secretKey = onlyKey(await readSome(file), path)
    return { secretKey, publicKey: publicKeyOf(secretKey) }
  } finally {
    await file.close()
  }
}

/** @throws OnituError `NO_KEY_FILE`, `INVALID_KEY_FILE` */
export async function readPublicKey(path: string): Promise<PublicKey> {
  const file = await openKeyFile(path)
  try {
    return parsePublicKey(await readSome(file), path)
  } finally {
    await file.close()
  }
}

/**
 * A public key as it comes by mail: a line that begins with the key, then its name; what is quoted or written around it is passed over.
 * @throws OnituError `INVALID_KEY_FILE`
 */
export function parsePublicKey(text: string, source: string): PublicKey {
  if (/^# Secret key/m.test(text)) {
    throw new OnituError(
      'INVALID_KEY_FILE',
      `${source} is a secret key, which stays where it is; wanted is the public one beside it, ${basename(publicKeyPath(source))}`,
    )
  }
  const publicKey = onlyKey(text, source)
  const line = text.split('\n').find((candidate) => words(candidate).includes(publicKey)) ?? ''
  const name = line.slice(line.indexOf(publicKey) + publicKey.length).trim()
  return { publicKey, name: nameProblem(name) === undefined ? name : undefined }
}

/** Public keys go by mail and clipboard: one line. */
export function formatPublicKey({ publicKey, name }: PublicKey): string {
  return `${publicKey}${name === undefined ? '' : ` ${name}`}\n`
}

/** The key pair in `path`; made at the first time. For the server. */
export async function readOrCreateKeys(path: string, name: string): Promise<KeyPair> {
  try {
    return await readSecretKey(path)
  } catch (error) {
    if (!(error instanceof OnituError) || error.code !== 'NO_KEY_FILE') throw error
    return createKeyFiles(path, name)
  }
}

function onlyKey(text: string, source: string): string {
  const keys = words(text).filter(isKey)
  const [key] = keys
  if (key !== undefined && keys.length === 1) return key
  throw new OnituError(
    'INVALID_KEY_FILE',
    `Expected one key (40 characters) in ${source}, found ${keys.length}; \`onitu keys generate\` makes such files`,
  )
}

function words(text: string): string[] {
  return text.split(/\s+/)
}

async function openKeyFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT' && systemCode(cause) !== 'ENOTDIR') throw cause
    throw new OnituError('NO_KEY_FILE', `There is no key file ${path}; \`onitu keys generate\` makes one`, { cause })
  }
}

async function readSome(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_SIZE), 0, MAX_SIZE, 0)
  return buffer.toString('utf8', 0, bytesRead)
}

async function createKeyFile(path: string, mode: number, text: string): Promise<void> {
  try {
    await createFile(path, mode, text)
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause
    throw new OnituError('KEY_FILE_EXISTS', `${path} is there already, and is left as it is; choose another name`, {
      cause,
    })
  }
}
