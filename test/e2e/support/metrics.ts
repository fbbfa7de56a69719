/** Values of `/metrics`, by name and labels as they are printed: `name` or `name{label="value"}`. */
export type Metrics = ReadonlyMap<string, number>;

export function readMetrics(text: string): Metrics {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Over all labels. */
export function total(metrics: Metrics, name: string): number {
  const own = [...metrics].filter(([key]) => key === name || key.startsWith(`${name}{`));
  return own.reduce((sum, [, value]) => sum + value, 0);
}
