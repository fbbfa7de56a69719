import type { Airport } from '../../contracts/airport.contract.js';

export interface AirportNames {
  /** Those that flights leave from, by place. */
  readonly choices: readonly { readonly code: string; readonly text: string }[];
  /** Codes, busiest first. */
  readonly busiest: readonly string[];
  /** `Las Vegas`, or the airport's name where no city is known, or its code. */
  readonly placeOf: (code: string) => string;
}

const BUSIEST = 6;

export function airportNames(airports: readonly Airport[]): AirportNames {
  const places = new Map(airports.map(({ code, city, name }) => [code, city ?? name]));
  const placeOf = (code: string): string => places.get(code) ?? code;
  const leaving = airports.filter(({ departures }) => departures > 0);
  return {
    choices: leaving
      .map((airport) => ({ code: airport.code, text: choiceText(airport) }))
      .toSorted((a, b) => a.text.localeCompare(b.text)),
    busiest: leaving.slice(0, BUSIEST).map(({ code }) => code),
    placeOf,
  };
}

/** The code in an address such as `/#SFO`, when it names a board; else the busiest airport. */
export function chosenAirport(hash: string, { choices, busiest }: AirportNames): string | undefined {
  const code = hash.replace(/^#/, '').toUpperCase();
  return choices.some((choice) => choice.code === code) ? code : busiest[0];
}

function choiceText({ code, city, state, name }: Airport): string {
  return `${[city ?? name, state].filter(Boolean).join(', ')} (${code})`;
}
