import { hostname } from 'node:os'
import { clientKeyPath, createKeyFiles, formatPublicKey, publicKeyPath } from '@onitu/majordomo/keys'
import { checkName } from './check-name.ts'

/** `onitu keys generate [NAME]` */
export async function generateKeys(configDirectory: string, name = machineName()): Promise<void> {
  checkName(name, 'key')
  const path = clientKeyPath(configDirectory, name)
  const { publicKey } = await createKeyFiles(path, name)
  const lines = [
    `Secret key: ${path} (it stays here)`,
    `Public key: ${publicKeyPath(path)}, for \`onitu keys authorize\` on the hub:`,
    formatPublicKey({ publicKey, name }),
  ]
  process.stdout.write(lines.join('\n'))
}

function machineName(): string {
  return hostname().split('.')[0] || 'client'
}
