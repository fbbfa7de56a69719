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
