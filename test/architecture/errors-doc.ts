import type { RetryPolicy } from '@millrace/protocol';

interface ErrorEntry {
  readonly retry: RetryPolicy;
  readonly message: string;
  readonly remediation: string;
}

/** The line of `docs/errors.md` below which everything is made from the registry. */
export const marker = '<!-- Below: made from the registry, see test/architecture/errors-doc.spec.ts. -->';

/** `docs/errors.md` as it should be: its own introduction, then a table and one section for each code. */
export function expectedErrorsDoc(current: string, errors: Readonly<Record<string, ErrorEntry>>): string {
  const [introduction] = current.split(marker);
  const entries = Object.entries(errors);
  const width = {
    code: widest(entries.map(([code]) => link(code))),
    retry: widest(entries.map(([, e]) => ticks(e.retry))),
  };
  const row = (code: string, retry: string) => `| ${code.padEnd(width.code)} | ${retry.padEnd(width.retry)} |`;
  const table = [
    row('code', 'retry'),
    `| ${'-'.repeat(width.code)} | ${'-'.repeat(width.retry)} |`,
    ...entries.map(([code, { retry }]) => row(link(code), ticks(retry))),
  ];
  const sections = entries.flatMap(([code, { retry, message, remediation }]) => [
    `## ${code}\n`,
    `${message}\n`,
    `- Retry: ${ticks(retry)}`,
    `- What to do: ${remediation}\n`,
  ]);
  return [`${introduction}${marker}\n`, ...table, '', ...sections].join('\n');
}

const widest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));
const ticks = (word: string): string => `\`${word}\``;
const link = (code: string): string => `[${code}](#${code.toLowerCase()})`;
