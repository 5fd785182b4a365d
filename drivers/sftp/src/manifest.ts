import type { Manifest } from '@onitu/plug'
import { paceOptions } from '@onitu/plug/kit'

const optional = (description: string) => ({ type: 'string', description, default: '' }) as const

export const manifest: Manifest = {
  name: 'sftp',
  description: 'Folders on a server that is reached by SFTP',
  velocity: 0.5,
  folderPath: 'opaque',
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    parallelChunks: 4,
    hashAtEnd: true,
    nativeMove: true,
    directories: true,
    mtime: true,
    mode: true,
    caseSensitive: true,
    // Times of SFTP 3 are whole seconds.
    tokenGranularity: 1000,
  },
  options: {
    host: { type: 'string', description: 'Name or address of the server' },
    port: { type: 'integer', description: 'Port of the server', default: 22, min: 1, max: 65_535 },
    user: { type: 'string', description: 'Name to log in with' },
    password: optional('Password; better in password_env or password_file'),
    password_env: optional('Environment variable that holds the password'),
    password_file: optional('File that holds the password'),
    private_key_file: optional('File of the private key'),
    private_key_env: optional('Environment variable that holds the private key itself'),
    passphrase_env: optional('Environment variable that holds the passphrase of the private key'),
    passphrase_file: optional('File that holds the passphrase of the private key'),
    agent: optional('Socket of an SSH agent; `env` for the one in SSH_AUTH_SOCK'),
    host_key: optional('Key of the server: `ssh-ed25519 AAAA…` or its fingerprint `SHA256:…`; several with commas'),
    known_hosts: {
      type: 'string',
      description: 'File to look the key of the server up in',
      default: '~/.ssh/known_hosts',
    },
    fsync: {
      type: 'boolean',
      description: 'Have the server write the content of a file to its disk before it takes its name',
      default: true,
    },
    poll_fastest: { type: 'float', description: 'Seconds between two looks after a change', default: 1, min: 0.1 },
    poll_slowest: {
      type: 'float',
      description: 'Seconds between two looks when nothing changes',
      default: 30,
      min: 0.1,
    },
    timeout: {
      type: 'float',
      description: 'Seconds without any answer before a connection is given up',
      default: 20,
      min: 1,
    },
    requests: {
      type: 'integer',
      description: 'Requests that may wait for the server at once, on each channel',
      default: 64,
      min: 1,
      max: 1024,
    },
    ...paceOptions,
  },
}
