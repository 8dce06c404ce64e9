/** The shape of the metrics registry. Bind label handles once, outside hot paths; `inc`, `set` and `observe` then allocate nothing. */

/** A monotonic count of one label set. */
export interface Counter {
  /** Adds `amount` (default 1); negative or non-finite amounts are ignored. */
  inc(amount?: number): void;
  readonly value: number;
}

/** A value that goes up and down. */
export interface Gauge {
  set(value: number): void;
  inc(amount?: number): void;
  dec(amount?: number): void;
  readonly value: number;
}

/** A distribution over fixed buckets. */
export interface Histogram {
  observe(value: number): void;
  readonly count: number;
  readonly sum: number;
}

/** All label sets of one metric. */
export interface Family<Handle> {
  /** The handle of one label set, values in the order of the declared label names. Past the cap: the overflow series. */
  labels(...values: readonly string[]): Handle;
}

export interface MetricOptions {
  /** Prometheus name, for example `biplane_http_requests_total`. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Label names in order. */
  readonly labels?: readonly string[];
  /** Most label sets kept; further ones are counted in one series whose label values are all `other`. */
  readonly maxSeries?: number;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets?: readonly number[];
}

/** Declares metrics and renders them. Declaring the same name again with the same shape returns the same family. */
export interface MetricsRegistry {
  counter(options: MetricOptions): Family<Counter>;
  gauge(options: MetricOptions): Family<Gauge>;
  histogram(options: HistogramOptions): Family<Histogram>;
  /** Runs before each exposition, to set gauges that are read rather than counted. */
  onCollect(collect: () => void): void;
  /** Prometheus text exposition format 0.0.4. */
  expose(): string;
}
