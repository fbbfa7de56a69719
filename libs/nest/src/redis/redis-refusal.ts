/** What Redis said when it forbade something to its user; `undefined` for everything else that can fail. */
export function refusalIn(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  return /^(NOPERM|NOAUTH|WRONGPASS)/.test(message) ? message : undefined;
}
