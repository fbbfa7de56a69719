import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterMetric, GaugeMetric, HistogramMetric, LabelsOf, Metric, Recorder } from './recorder.js';

type Series = Counter | Gauge | Histogram;

/** Keeps the numbers for Prometheus, in a registry of its own: several applications can live in one process. */
export class PromRecorder implements Recorder {
  readonly #registry = new Registry();
  readonly #series = new Map<string, Series>();

  /** Registers everything at once, so that a series shows as 0 before its first event. */
  constructor(catalogue: readonly Metric[]) {
    collectDefaultMetrics({ register: this.#registry });
    for (const metric of catalogue) this.#series.set(metric.name, this.#create(metric));
  }

  count<M extends CounterMetric>(metric: M, labels: LabelsOf<M>, by = 1): void {
    this.#of(metric, Counter).inc(labels, by);
  }

  set<M extends GaugeMetric>(metric: M, labels: LabelsOf<M>, value: number): void {
    this.#of(metric, Gauge).set(labels, value);
  }

  observe<M extends HistogramMetric>(metric: M, labels: LabelsOf<M>, value: number): void {
    this.#of(metric, Histogram).observe(labels, value);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All numbers in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #of<S extends Series>(metric: Metric, kind: new (...args: never[]) => S): S {
    const series = this.#series.get(metric.name);
    if (series instanceof kind) return series;
    throw new TypeError(`${metric.name} is not in the catalogue of metrics`);
  }

  #create(metric: Metric): Series {
    const { name, help, labels = {} } = metric;
    const config = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    switch (metric.kind) {
      case 'counter':
        return withZeros(new Counter(config), labels);
      case 'gauge':
        return new Gauge(config);
      case 'histogram':
        return new Histogram({ ...config, buckets: [...metric.buckets] });
    }
  }
}

/** A counter with one label starts all of its series at 0, or a first increment is invisible to `rate()`. */
function withZeros(counter: Counter, labels: Readonly<Record<string, readonly string[]>>): Counter {
  const [only, ...others] = Object.entries(labels);
  if (only && others.length === 0) for (const value of only[1]) counter.inc({ [only[0]]: value }, 0);
  return counter;
}
