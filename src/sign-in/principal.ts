import type { ExecutionContext } from '@nestjs/common';
import { CodedError, commandOf } from '@millrace/nest';
import type { JWTPayload } from 'jose';

/** Somebody who only watches. */
export interface Viewer {
  readonly kind: 'viewer';
  readonly name: string;
}

/** Somebody who records departures, at these airports. */
export interface Staff {
  readonly kind: 'staff';
  readonly name: string;
  readonly airports: 'all' | readonly string[];
}

export type Principal = Viewer | Staff;

/** There are no passwords: whoever gives a name is that person, on every page that is open under it. */
export const subjectOf = ({ kind, name }: Principal): string => `${kind}:${name}`;

export const claimsOf = ({ kind, name, ...rest }: Principal): JWTPayload => ({ kind, name, ...rest });

/** @throws CodedError `UNAUTHENTICATED` for claims that the sign-in does not make */
export function toPrincipal({ kind, name, airports }: JWTPayload): Principal {
  if (typeof name !== 'string') throw new CodedError('UNAUTHENTICATED');
  if (kind === 'viewer') return { kind, name };
  if (kind === 'staff' && (airports === 'all' || isCodes(airports))) return { kind, name, airports };
  throw new CodedError('UNAUTHENTICATED');
}

/** Who sent the command that a guard decides about. */
export function principalOf(execution: ExecutionContext): Principal {
  return commandOf(execution).session.principal as Principal;
}

const isCodes = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((code) => typeof code === 'string');
