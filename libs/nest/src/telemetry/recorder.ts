/** Values a label can take; a closed set, so that nobody's input becomes a time series. */
type LabelSets = Readonly<Record<string, readonly string[]>>;

interface MetricBase {
  /** `realtime_<stage>_<what>_<unit>` */
  readonly name: string;
  readonly help: string;
  readonly labels?: LabelSets;
}

export interface CounterMetric extends MetricBase {
  readonly kind: 'counter';
}
export interface GaugeMetric extends MetricBase {
  readonly kind: 'gauge';
}
export interface HistogramMetric extends MetricBase {
  readonly kind: 'histogram';
  readonly buckets: readonly number[];
}
export type Metric = CounterMetric | GaugeMetric | HistogramMetric;

/** The labels that `M` asks for. */
export type LabelsOf<M extends Metric> = M['labels'] extends LabelSets
  ? { readonly [L in keyof M['labels']]: M['labels'][L][number] }
  : Record<never, never>;

/** Where stages leave their numbers. Each stage declares its own metrics in `<stage>.metrics.ts`. */
export interface Recorder {
  count<M extends CounterMetric>(metric: M, labels: LabelsOf<M>, by?: number): void;
  set<M extends GaugeMetric>(metric: M, labels: LabelsOf<M>, value: number): void;
  observe<M extends HistogramMetric>(metric: M, labels: LabelsOf<M>, value: number): void;
}

export const Recorder = Symbol('Recorder');

/** Keeps nothing. */
export const silentRecorder: Recorder = { count: () => {}, set: () => {}, observe: () => {} };
