import { decodePosition, encodePosition, type Position } from '@millrace/protocol';

/** Not in any position token; a subject may hold it again. */
const SEPARATOR = '@';

/** What a storage keeps: the position, and whose it is. */
export const ownedPosition = (token: string, subject: string | undefined): string =>
  subject === undefined ? token : token + SEPARATOR + subject;

/** A position without an owner was kept by the application itself, or for a server that does not tell subjects. */
export function readOwned(text: string | undefined): { readonly token?: string; readonly subject?: string } {
  const at = text?.indexOf(SEPARATOR) ?? -1;
  if (text === undefined) return {};
  return at < 0 ? { token: text } : { token: text.slice(0, at), subject: text.slice(at + 1) };
}

/** The token of the place alone: two tokens of one place may differ in their grant, and a server of before knows none. */
export function placeToken({ epoch, offset, id, time }: Position): string {
  return encodePosition({ epoch, offset, id, time });
}

/** The same of a text; one that is no position stays as it is, for whoever reads it to say so. */
export function placeIn(token: string | undefined): string | undefined {
  const position = token === undefined ? undefined : decodePosition(token);
  return position ? placeToken(position) : token;
}
