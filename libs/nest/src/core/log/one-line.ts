/** Control characters, the two separators that terminals and browsers break lines at, and those that turn text around. */
// oxlint-disable-next-line no-control-regex -- they are what it looks for
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

const MAX_CHARACTERS = 4_000;

/**
 * Text that may be a stranger's, for a line of the log: it cannot begin a line that looks like another entry, colour the
 * terminal, or fill the disk.
 */
export function oneLine(text: string): string {
  const short = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)` : text;
  return short.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  switch (character) {
    case '\n':
      return String.raw`\n`;
    case '\r':
      return String.raw`\r`;
    case '\t':
      return String.raw`\t`;
    default:
      return String.raw`\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  }
}
