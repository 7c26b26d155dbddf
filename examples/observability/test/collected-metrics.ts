import type { Meter } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { onTestFinished } from "vitest";

type Point = DataPoint<number | Histogram | ExponentialHistogram>;

/** A meter of the OpenTelemetry SDK, and what its instruments have measured, as an exporter would get it. */
export class CollectedMetrics {
  readonly meter: Meter;
  readonly #reader: PeriodicExportingMetricReader;

  constructor() {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    this.#reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [this.#reader] });
    this.meter = provider.getMeter("test");
    onTestFinished(() => provider.shutdown());
  }

  /** `undefined` as long as there is nothing to export. */
  async metric(name: string): Promise<MetricData | undefined> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === name);
  }

  /** `[attributes, value]` of each time series; of a histogram, how many values it has. */
  async series(name: string): Promise<[attributes: object, value: number][]> {
    const points: readonly Point[] = (await this.metric(name))?.dataPoints ?? [];
    return points.map(({ attributes, value }) => [attributes, typeof value === "number" ? value : value.count]);
  }

  /** The sum of the values of a histogram with one time series. */
  async sum(name: string): Promise<number> {
    const points: readonly Point[] = (await this.metric(name))?.dataPoints ?? [];
    const value = points[0]?.value;
    if (typeof value !== "object" || value.sum === undefined) throw new Error(`${name} is no histogram with values`);
    return value.sum;
  }
}
