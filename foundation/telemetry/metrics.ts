/** The metrics registry: bounded label sets, pre-bound handles, Prometheus text. */

import type {
  Counter,
  Family,
  Gauge,
  Histogram,
  HistogramOptions,
  MetricOptions,
  MetricsRegistry,
} from "./metric-types.ts";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Series of one metric: enough for a bucket or table each on one machine, small enough to scrape (1,000 × ~100 bytes). */
const MAX_SERIES = 1000;
/** Seconds, from a fast in-memory answer to a long upload. */
export const DURATION_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** The label value of the series that takes everything beyond the cap. */
export const OVERFLOW_LABEL = "other";

/** A registry. One for each process; tests make their own. */
export function createMetrics(): MetricsRegistry {
  const families = new Map<string, FamilyBase>();
  const collectors: (() => void)[] = [];
  const declare = <F extends FamilyBase>(options: MetricOptions, kind: Kind, create: () => F): F => {
    const shape = `${kind}(${(options.labels ?? []).join(",")})`;
    const existing = families.get(options.name);
    if (existing !== undefined) {
      if (existing.shape !== shape) {
        throw new Error(`The metric ${options.name} exists as ${existing.shape} and was declared again as ${shape}.`);
      }
      return existing as F;
    }
    checkNames(options, kind);
    const family = create();
    families.set(options.name, family);
    return family;
  };
  return {
    counter: (options) =>
      declare(options, "counter", () => new SeriesFamily(options, "counter", () => new CounterCell())),
    gauge: (options) => declare(options, "gauge", () => new SeriesFamily(options, "gauge", () => new GaugeCell())),
    histogram: (options) => declare(options, "histogram", () => histogramFamily(options)),
    onCollect: (collect) => {
      collectors.push(collect);
    },
    expose() {
      for (const collect of collectors) collect();
      let text = "";
      for (const family of families.values()) text += family.expose();
      return text;
    },
  };
}

type Kind = "counter" | "gauge" | "histogram";

/** What a family can do whatever its handles are. */
interface FamilyBase {
  readonly shape: string;
  expose(): string;
}

/** One label set's numbers. */
interface Cell {
  /** Lines of the exposition. */
  render(name: string, labels: string): string;
}

class SeriesFamily<Handle extends Cell> implements Family<Handle>, FamilyBase {
  readonly shape: string;
  readonly #options: MetricOptions;
  readonly #labelNames: readonly string[];
  readonly #kind: Kind;
  readonly #create: () => Handle;
  readonly #series = new Map<string, { readonly labels: string; readonly handle: Handle }>();
  #overflow: Handle | undefined;

  constructor(options: MetricOptions, kind: Kind, create: () => Handle) {
    this.#options = options;
    this.#labelNames = options.labels ?? [];
    this.#kind = kind;
    this.#create = create;
    this.shape = `${kind}(${this.#labelNames.join(",")})`;
    if (this.#labelNames.length === 0) this.labels();
  }

  labels(...values: readonly string[]): Handle {
    const names = this.#labelNames;
    if (values.length !== names.length) {
      throw new Error(`The metric ${this.#options.name} takes ${names.length} labels and got ${values.length}.`);
    }
    const key = values.length === 1 ? values[0]! : values.join("\u0000");
    const existing = this.#series.get(key);
    if (existing !== undefined) return existing.handle;
    if (this.#series.size >= (this.#options.maxSeries ?? MAX_SERIES)) {
      this.#overflow ??= this.#create();
      return this.#overflow;
    }
    const handle = this.#create();
    this.#series.set(key, { labels: renderLabels(names, values), handle });
    return handle;
  }

  expose(): string {
    const { name, help } = this.#options;
    let text = `# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n# TYPE ${name} ${this.#kind}\n`;
    for (const { labels, handle } of this.#series.values()) text += handle.render(name, labels);
    if (this.#overflow !== undefined) {
      const labels = renderLabels(
        this.#labelNames,
        this.#labelNames.map(() => OVERFLOW_LABEL),
      );
      text += this.#overflow.render(name, labels);
    }
    return text;
  }
}

class CounterCell implements Counter, Cell {
  value = 0;

  inc(amount = 1): void {
    if (amount > 0 && amount < Number.POSITIVE_INFINITY) this.value += amount;
  }

  render(name: string, labels: string): string {
    return `${name}${braces(labels)} ${this.value}\n`;
  }
}

class GaugeCell implements Gauge, Cell {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  inc(amount = 1): void {
    this.value += amount;
  }

  dec(amount = 1): void {
    this.value -= amount;
  }

  render(name: string, labels: string): string {
    return `${name}${braces(labels)} ${renderNumber(this.value)}\n`;
  }
}

class HistogramCell implements Histogram, Cell {
  count = 0;
  sum = 0;
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    if (Number.isNaN(value)) return;
    this.count++;
    this.sum += value;
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    if (low < bounds.length) this.#counts[low]! += 1;
  }

  render(name: string, labels: string): string {
    const prefix = labels === "" ? "" : `${labels},`;
    let text = "";
    let cumulative = 0;
    for (let i = 0; i < this.#bounds.length; i++) {
      cumulative += this.#counts[i]!;
      text += `${name}_bucket{${prefix}le="${this.#bounds[i]}"} ${cumulative}\n`;
    }
    text += `${name}_bucket{${prefix}le="+Inf"} ${this.count}\n`;
    return `${text}${name}_sum${braces(labels)} ${renderNumber(this.sum)}\n${name}_count${braces(labels)} ${this.count}\n`;
  }
}

function histogramFamily(options: HistogramOptions): SeriesFamily<HistogramCell> {
  const bounds = options.buckets ?? DURATION_BUCKETS;
  for (let i = 1; i < bounds.length; i++) {
    if (!(bounds[i]! > bounds[i - 1]!)) throw new Error(`The buckets of ${options.name} must ascend.`);
  }
  return new SeriesFamily(options, "histogram", () => new HistogramCell(bounds));
}

function checkNames(options: MetricOptions, kind: Kind): void {
  if (!METRIC_NAME.test(options.name)) throw new Error(`The metric name ${JSON.stringify(options.name)} is malformed.`);
  for (const label of options.labels ?? []) {
    const reserved = label.startsWith("__") || (kind === "histogram" && label === "le");
    if (!LABEL_NAME.test(label) || reserved) {
      throw new Error(`The label name ${JSON.stringify(label)} of ${options.name} is not allowed.`);
    }
  }
}

function braces(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function renderLabels(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`).join(",");
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function renderNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
