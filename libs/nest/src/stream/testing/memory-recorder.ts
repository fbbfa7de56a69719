import type { Metric, Recorder } from '../../telemetry/recorder.js';

/** Sums what is counted, by metric and labels. */
export class MemoryRecorder implements Recorder {
  readonly #values = new Map<string, number>();

  count(metric: Metric, labels: Readonly<Record<string, string>>, by = 1): void {
    const key = keyOf(metric, labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  set(metric: Metric, labels: Readonly<Record<string, string>>, value: number): void {
    this.#values.set(keyOf(metric, labels), value);
  }

  observe(metric: Metric, labels: Readonly<Record<string, string>>, value: number): void {
    this.#values.set(keyOf(metric, labels), value);
  }

  valueOf(metric: Metric, labels: Readonly<Record<string, string>> = {}): number {
    return this.#values.get(keyOf(metric, labels)) ?? 0;
  }
}

function keyOf(metric: Metric, labels: Readonly<Record<string, string>>): string {
  return `${metric.name} ${JSON.stringify(labels)}`;
}
