import { ChannelPolicy, type Policy } from '@millrace/nest';
import { viewers } from '../contracts/board.contract.js';
import { AirportDirectory } from '../flights/airport-directory.js';

/** Whoever may watch a board may see who else does. */
@ChannelPolicy(viewers)
export class ViewersPolicy implements Policy<unknown, { readonly airport: string }> {
  constructor(private readonly airports: AirportDirectory) {}

  subscribe(_who: unknown, { airport }: { readonly airport: string }): boolean {
    return this.airports.has(airport);
  }
}
