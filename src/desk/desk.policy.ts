import { ChannelPolicy, type Policy } from '@millrace/nest';
import { desk } from '../contracts/desk.contract.js';
import { AirportDirectory } from '../flights/airport-directory.js';

/** Whoever is signed in may watch, and read what happened before. */
@ChannelPolicy(desk)
export class DeskPolicy implements Policy<unknown, { readonly airport: string }> {
  constructor(private readonly airports: AirportDirectory) {}

  /** Nobody has use for the board of an airport that is not, but it would cost this node a channel. */
  subscribe(_who: unknown, { airport }: { readonly airport: string }): boolean {
    return this.airports.has(airport);
  }
}
