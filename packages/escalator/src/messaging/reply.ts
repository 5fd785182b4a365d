/** An answer with binary frames behind its body. They are sent without a copy: leave them alone afterwards. */
export class Reply {
  readonly body: unknown
  readonly frames: readonly Uint8Array[]

  constructor(body: unknown, frames: readonly Uint8Array[]) {
    this.body = body
    this.frames = frames
  }
}
