import { publicKeyOf } from '@onitu/escalator/messaging'

/** For a socket of libzmq: what is ours has to get on with it. */
export function curveOptions({ serverKey, secretKey }: { readonly serverKey: string; readonly secretKey: string }) {
  return { curveServerKey: serverKey, curvePublicKey: publicKeyOf(secretKey), curveSecretKey: secretKey }
}
