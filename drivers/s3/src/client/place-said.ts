import type { HttpResponse } from './http/http-client.ts'
import { textOf } from './xml.ts'

/** What was asked, by the options. */
export interface Asked {
  readonly endpoint: URL
  readonly region: string
  readonly bucket: string
}

/** That a bucket is elsewhere. */
export interface PlaceSaid {
  readonly code: 'WRONG_REGION' | 'WRONG_ENDPOINT'
  /** What the service said, and which options to set. */
  readonly message: string
}

/**
 * What a refusal says of where the bucket is, if that is not where it was asked for: S3 answers 301, 307 or 400 then. It is told and never followed: a signature is for
 * one place, and the keys are not for any other. Only what can be a region or an address is repeated.
 */
export function placeSaid(
  { status, headers, body }: Pick<HttpResponse, 'status' | 'headers' | 'body'>,
  asked: Asked,
): PlaceSaid | undefined {
  if (status !== 400 && (status < 300 || status >= 400)) return undefined
  const text = body.byteLength > 64 * 1024 ? '' : body.toString('utf8')
  const otherRegion = unless(asked.region, regionOf(headers['x-amz-bucket-region'] ?? textOf(text, 'Region')))
  const origin = endpointOf(textOf(text, 'Endpoint'), asked) ?? originOf(headers.location, asked)
  const otherOrigin = unless(asked.endpoint.origin, origin)
  if (otherRegion === undefined && otherOrigin === undefined) return undefined
  const said = [
    ...(otherRegion === undefined ? [] : [`in the region ${otherRegion}`]),
    ...(otherOrigin === undefined ? [] : [`at ${otherOrigin}`]),
  ].join(', ')
  const options = [
    ...(otherRegion === undefined ? [] : [`region: ${otherRegion}`]),
    ...(otherOrigin === undefined ? [] : [`endpoint: ${otherOrigin}`]),
  ].join(', ')
  // A redirect says that this address is wrong, also where it does not say which one is right.
  const more = otherOrigin === undefined && status < 400 ? ', and endpoint to the address for it' : ''
  return {
    code: otherRegion === undefined ? 'WRONG_ENDPOINT' : 'WRONG_REGION',
    message: `the service says that the bucket is ${said}: set the options of the service to ${options}${more}`,
  }
}

function regionOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w-]{1,64}$/.test(text) ? text : undefined
}

/** As S3 names it, mostly without a scheme. It may be that of the bucket. */
function endpointOf(text: string | undefined, asked: Asked): string | undefined {
  const [, scheme, host] = /^(https?:\/\/)?([\w.:[\]-]{1,255})\/?$/i.exec(text ?? '') ?? []
  return host === undefined ? undefined : originOf(`${scheme ?? `${asked.endpoint.protocol}//`}${host}`, asked)
}

/** Of an address with whatever path; undefined: it is none that an option could take. */
function originOf(address: string | undefined, { bucket }: Asked): string | undefined {
  if (address === undefined || !/^https?:\/\/[!-~]{1,2048}$/i.test(address) || !URL.canParse(address)) return undefined
  const { host, origin } = new URL(address)
  return /^[\w.:[\]-]{1,255}$/.test(host) ? origin.replace(`//${bucket}.`, '//') : undefined
}

function unless(known: string, said: string | undefined): string | undefined {
  return said === known ? undefined : said
}
