const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;

/** The records of a CSV text by the names in its first line. Fields may be quoted, with `""` for a quote. */
export function parseCsv(text: string): Readonly<Record<string, string>>[] {
  const [header = [], ...rows] = parseRows(text);
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])));
}

function parseRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let read = 0;
  while (read < text.length) {
    FIELD.lastIndex = read;
    const match = FIELD.exec(text);
    if (!match) throw new SyntaxError(`Not CSV in line ${rows.length + 1}`);
    const [all, quoted, plain = '', end] = match;
    read += all.length;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',' && read < text.length) continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
