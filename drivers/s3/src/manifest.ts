import type { Manifest } from '@onitu/plug'
import { paceOptions } from '@onitu/plug/kit'

const optional = (description: string) => ({ type: 'string', description, default: '' }) as const

export const manifest: Manifest = {
  name: 's3',
  description: 'Buckets of S3 and of services that speak its language',
  velocity: 0.4,
  folderPath: 'opaque',
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    parallelChunks: 4,
    hashAtEnd: true,
    nativeMove: false,
    directories: false,
    mtime: false,
    mode: false,
    caseSensitive: true,
    tokenGranularity: 0,
  },
  options: {
    endpoint: { type: 'string', description: 'Address of the service: `https://s3.eu-west-1.amazonaws.com`' },
    region: { type: 'string', description: 'Region of the buckets', default: 'us-east-1' },
    path_style: {
      type: 'boolean',
      description: 'The bucket is a part of the path, not of the host name; most services but Amazon need it',
      default: true,
    },
    access_key: optional('Access key; or in access_key_env'),
    access_key_env: optional('Environment variable that holds the access key'),
    secret_key: optional('Secret key; better in secret_key_env or secret_key_file'),
    secret_key_env: optional('Environment variable that holds the secret key'),
    secret_key_file: optional('File that holds the secret key'),
    session_token_env: optional('Environment variable that holds a session token'),
    storage_class: optional('Storage class of what is written; empty: what the bucket says'),
    poll_fastest: { type: 'float', description: 'Seconds between two looks after a change', default: 2, min: 0.1 },
    poll_slowest: {
      type: 'float',
      description: 'Seconds between two looks when nothing changes',
      default: 60,
      min: 0.1,
    },
    timeout: {
      type: 'float',
      description: 'Seconds without any answer before a request is given up',
      default: 30,
      min: 1,
    },
    proxy: {
      type: 'string',
      description:
        'Proxy to the service: `http://USER:PASSWORD@HOST:PORT`, `none`, or `env`: what https_proxy, http_proxy and no_proxy say',
      default: 'env',
    },
    proxy_env: optional('Environment variable that holds the address of the proxy'),
    proxy_file: optional('File that holds the address of the proxy'),
    requests: { type: 'integer', description: 'Requests at once', default: 16, min: 1, max: 256 },
    ...paceOptions,
  },
}
