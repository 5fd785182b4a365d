import { DriverError, type OptionValue } from '@onitu/plug'
import { type SecretPlaces, secretPlaces } from '@onitu/plug/kit'
import { BY_ENVIRONMENT, type Environment, proxyFor } from '../client/proxy/proxy-for.ts'

/** The options of a service, typed. Secrets are read when they are needed. */
export interface S3Options {
  readonly endpoint: URL
  readonly region: string
  readonly pathStyle: boolean
  readonly accessKey: SecretPlaces
  readonly secretKey: SecretPlaces
  readonly sessionToken: SecretPlaces
  readonly storageClass: string
  /** ms */
  readonly pollFastest: number
  readonly pollSlowest: number
  readonly timeout: number
  readonly requests: number
  /** What the option says of a proxy, which may hold a password. */
  readonly proxy: SecretPlaces
}

/** @throws DriverError when the endpoint is not the address of a service, or a proxy is none; one from a file or a variable of its own is judged when it is read */
export function readOptions(
  options: Readonly<Record<string, OptionValue>>,
  environment: Environment = process.env,
): S3Options {
  const text = (name: string) => String(options[name] ?? '')
  const seconds = (name: string, otherwise: number) => Number(options[name] ?? otherwise) * 1000
  const fastest = seconds('poll_fastest', 2)
  const endpoint = endpointOf(text('endpoint'))
  const proxy = proxyPlaces(options)
  if (proxy.environment === '' && proxy.file === '') proxyFor(endpoint, proxy.value, environment)
  return {
    endpoint,
    region: text('region') || 'us-east-1',
    pathStyle: options.path_style !== false,
    accessKey: secretPlaces('access_key', options),
    secretKey: secretPlaces('secret_key', options),
    sessionToken: { ...secretPlaces('session_token', options), value: '', file: '' },
    storageClass: text('storage_class'),
    pollFastest: fastest,
    pollSlowest: Math.max(fastest, seconds('poll_slowest', 60)),
    timeout: seconds('timeout', 30),
    requests: Number(options.requests ?? 16),
    proxy,
  }
}

/** Where it is in a variable or a file of its own, the default of the option itself does not hold. */
function proxyPlaces(options: Readonly<Record<string, OptionValue>>): SecretPlaces {
  const places = secretPlaces('proxy', { ...options, proxy: options.proxy ?? BY_ENVIRONMENT })
  const isElsewhere = places.environment !== '' || places.file !== ''
  return isElsewhere && places.value === BY_ENVIRONMENT ? { ...places, value: '' } : places
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new DriverError(
    'BAD_OPTION',
    `Expected an address such as https://s3.example.org in the option endpoint, got ${JSON.stringify(text)}`,
  )
}
