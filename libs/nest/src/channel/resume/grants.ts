import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import type { Placed } from '../../core/stream-event.js';
import type { Signer } from '../../core/signer.js';

type Place = Pick<Placed, 'epoch' | 'offset'>;

/** For whom a channel has been open, and from where on. */
export interface Granted {
  readonly subject: string;
  readonly channel: ChannelName;
  /** Everything behind it, in its epoch, the subscriber was given or could have been. */
  readonly from: Place;
  /** The newest withdrawal that had been carried out when the policy said yes. */
  readonly access: Place;
}

/** What the reader of a grant knows without it. */
type Asked = Pick<Granted, 'subject' | 'channel'> & { readonly epoch: Epoch; readonly accessEpoch: Epoch };

const FORM = /^([0-9a-z]{1,11})~([0-9a-z]{1,11})~([^.]{1,40})$/;

/** Writes and reads grants. Only the offsets are in the text; all else is known to who reads it, and signed. */
export class Grants {
  constructor(private readonly signer: Pick<Signer, 'sign' | 'isGenuine'>) {}

  write(granted: Granted): string {
    const { from, access } = granted;
    return `${from.offset.toString(36)}~${access.offset.toString(36)}~${this.signer.sign(signed(granted))}`;
  }

  /** `undefined` unless a node of this installation wrote it for that subject, channel, and life of both logs. */
  read(text: string, { subject, channel, epoch, accessEpoch }: Asked): Granted | undefined {
    const [, from, access, signature] = FORM.exec(text) ?? [];
    if (from === undefined || access === undefined || signature === undefined) return undefined;
    const granted: Granted = {
      subject,
      channel,
      from: { epoch, offset: parseInt(from, 36) as Offset },
      access: { epoch: accessEpoch, offset: parseInt(access, 36) as Offset },
    };
    return this.signer.isGenuine(signed(granted), signature) ? granted : undefined;
  }
}

const signed = ({ subject, channel, from, access }: Granted): string =>
  JSON.stringify([channel, subject, from.epoch, from.offset, access.epoch, access.offset]);
