import type { WireError } from '@millrace/protocol';

/** A refusal whose wire form a stage has made already, because it knows more than the error tells. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal';

  constructor(readonly wire: WireError) {
    super(wire.message);
  }
}
