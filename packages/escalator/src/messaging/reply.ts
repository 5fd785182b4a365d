/** An answer that is waiting for something to happen. Meanwhile it does not count for the limits of `ResponderOptions`. */
export class Parked {
  readonly answer: Promise<unknown>

  constructor(answer: Promise<unknown>) {
    this.answer = answer
  }
}

/** An answer with binary frames behind its body. They are sent without a copy: leave them alone afterwards. */
export class Reply {
  readonly body: unknown
  readonly frames: readonly Uint8Array[]

  constructor(body: unknown, frames: readonly Uint8Array[]) {
    this.body = body
    this.frames = frames
  }
}
