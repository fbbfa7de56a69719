import { BenchStage } from './stage.js';

/** One run each of Millrace and of what people use today. */
export interface Pair {
  readonly ours: number;
  readonly stock: number;
}

/** Something measured in both, and how far Millrace may be from the other. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  readonly against: string;
  readonly unit: string;
  /** `ratio`: ours ÷ stock. `difference`: ours − stock, in the unit. */
  readonly kind: 'ratio' | 'difference';
  /** The most that it may be. */
  readonly limit: number;
}

export interface Outcome extends Figure {
  /** Median over the runs of ours ÷ stock, or of ours − stock. */
  readonly ratio: number;
  /** Medians. */
  readonly ours: number;
  readonly stock: number;
  readonly runs: number;
}

/** Measures figures that need the same processes: each call of `measure` is one run, of one pair for each figure. */
export interface Measurement {
  readonly figures: readonly Figure[];
  /** Puts up the processes; the answer makes one run, in the order that it is told. */
  prepare(stage: BenchStage): Promise<(order: Order) => Promise<readonly Pair[]>>;
}

export type Order = 'ours first' | 'stock first';

/** The first run warms both up and is thrown away; then each run begins with the other one. */
export async function measure(measurement: Measurement, runs: number): Promise<readonly Outcome[]> {
  const stage = await BenchStage.set();
  try {
    const run = await measurement.prepare(stage);
    await run('ours first');
    const pairs: (readonly Pair[])[] = [];
    for (let index = 0; index < runs; index++) pairs.push(await run(index % 2 === 0 ? 'stock first' : 'ours first'));
    return measurement.figures.map((figure, index) =>
      outcomeOf(
        figure,
        pairs.map((pair) => pair[index]!),
      ),
    );
  } finally {
    await stage.clear();
  }
}

/** Runs both, one after the other. */
export async function alternately(
  order: Order,
  ours: () => Promise<number>,
  stock: () => Promise<number>,
): Promise<Pair> {
  if (order === 'ours first') return { ours: await ours(), stock: await stock() };
  const first = await stock();
  return { ours: await ours(), stock: first };
}

function outcomeOf(figure: Figure, pairs: readonly Pair[]): Outcome {
  const relation = ({ ours, stock }: Pair): number => (figure.kind === 'ratio' ? ours / stock : ours - stock);
  return {
    ...figure,
    ratio: median(pairs.map(relation)),
    ours: median(pairs.map(({ ours }) => ours)),
    stock: median(pairs.map(({ stock }) => stock)),
    runs: pairs.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
