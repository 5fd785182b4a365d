import { createKeyFile, publicPath, readKeyPair } from './key-file.ts'

/** `escalator keys generate` */
export async function generateKeys(path: string): Promise<void> {
  const { publicKey } = await createKeyFile(path)
  process.stdout.write(`Secret key: ${path} (keep it)\nPublic key: ${publicPath(path)}\n${publicKey}\n`)
}

/** `escalator keys show`: the public key that belongs to a secret one. */
export async function showKey(path: string): Promise<void> {
  process.stdout.write(`${(await readKeyPair(path)).publicKey}\n`)
}
