import type { OptionValue } from '@onitu/plug'
import type { SetupFolder } from '../setup/setup.ts'

/** The setup of a client (`onitu remote`), checked. */
export interface ClientSetup {
  readonly server: {
    /** tcp addresses. */
    readonly requests: string
    readonly handlers: string
    /** Z85: the hub that is talked with has this one. */
    readonly publicKey: string
  }
  /** Z85. Not to be shown. */
  readonly secretKey: string
  readonly driver: { readonly name: string; readonly url: string }
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, SetupFolder>
  /** As written. */
  readonly rules: readonly unknown[] | undefined
}
