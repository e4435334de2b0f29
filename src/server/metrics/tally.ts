import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from "prom-client";

interface Series {
  /** How many fell into each bucket, and last into none. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * A histogram with one label that costs a look-up and two additions to feed. The library's own makes a text of all labels
 * for every value, which ten times a call is more than finding out whose call it is.
 */
export class Tally<L extends string> extends Histogram<L> {
  readonly #name: string;
  readonly #help: string;
  readonly #label: L;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(given: {
    readonly name: string;
    readonly help: string;
    readonly label: L;
    readonly bounds: readonly number[];
    readonly registry: Registry;
  }) {
    const { name, help, label, bounds, registry } = given;
    super({ name, help, labelNames: [label], buckets: [...bounds], registers: [registry] });
    this.#name = name;
    this.#help = help;
    this.#label = label;
    this.#bounds = bounds;
  }

  add(labelValue: string, value: number): void {
    let series = this.#series.get(labelValue);
    if (series === undefined) {
      series = { counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
      this.#series.set(labelValue, series);
    }
    let at = 0;
    while (value > (this.#bounds[at] ?? Infinity)) {
      at += 1;
    }
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += value;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<L>>> {
    const values = [...this.#series].flatMap(([labelValue, series]) => this.#valuesOf(labelValue, series));
    // The library's own type of a type is a number, where its text has a word.
    const described = { name: this.#name, help: this.#help, type: "histogram", aggregator: "sum", values };
    return described as unknown as MetricObjectWithValues<MetricValueWithName<L>>;
  }

  /** What the library asks for when it writes text. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<L>>> {
    return this.get();
  }

  #valuesOf(labelValue: string, { counts, sum }: Series): MetricValueWithName<L>[] {
    const labels = { [this.#label]: labelValue } as Record<L, string>;
    let count = 0;
    const buckets = [...counts].map((inBucket, at) => {
      count += inBucket;
      return {
        labels: { le: this.#bounds[at] ?? "+Inf", ...labels },
        value: count,
        metricName: `${this.#name}_bucket`,
      };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.#name}_sum` },
      { labels, value: count, metricName: `${this.#name}_count` },
    ];
  }
}
