/** Three letters, as IATA gives them. */
export const AIRPORT_CODE = /^[A-Z]{3}$/;

/** One entry of `GET /airports`. */
export interface Airport {
  readonly code: string;
  readonly name: string;
  /** Absent where the data set knows none. */
  readonly city?: string;
  readonly state?: string;
  /** Flights of the data set that leave from here; 0 for a mere destination. */
  readonly departures: number;
}
