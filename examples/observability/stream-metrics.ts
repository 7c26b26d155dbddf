import type { Attributes, Meter } from "@opentelemetry/api";
import type { EventStreamOptions } from "@ssewire/core";

/** What one stream reports to. */
export type StreamHooks = Required<Pick<EventStreamOptions, "onOpen" | "onEvent" | "onError" | "onClose">>;

const SECONDS_TO_FIRST_EVENT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SECONDS_OPEN = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 14_400, 43_200];

/**
 * Measures the event streams of one route. To be called once a route: its instruments live as long as `meter`.
 *
 * @param meter - Where the instruments are made.
 * @param attributes - What the streams have in common. Each set of values is a time series of every metric: the template
 * of a path belongs here, an id of a document or a user does not.
 * @returns A function to be called once a stream, as its hooks keep what they know of that stream.
 */
export function streamMetrics(meter: Meter, attributes: Attributes): () => StreamHooks {
  const activeStreams = meter.createUpDownCounter("sse.server.active_streams", {
    unit: "{stream}",
    description: "Event streams that are being read.",
  });
  const streamDuration = meter.createHistogram("sse.server.stream.duration", {
    unit: "s",
    description: "Duration of event streams, by how they ended.",
    advice: { explicitBucketBoundaries: SECONDS_OPEN },
  });
  const timeToFirstEvent = meter.createHistogram("sse.server.time_to_first_event", {
    unit: "s",
    description: "Time from when an event stream is first read to its first event.",
    advice: { explicitBucketBoundaries: SECONDS_TO_FIRST_EVENT },
  });
  const sentBytes = meter.createCounter("sse.server.sent", {
    unit: "By",
    description: "Bytes of event streams, comments included, added when a stream is over.",
  });
  // Read when metrics are collected: adding to a Counter costs nearly twice what core takes to send an event.
  let events = 0;
  meter
    .createObservableCounter("sse.server.events", {
      unit: "{event}",
      description: "Events sent, error events included.",
    })
    .addCallback((result) => result.observe(events, attributes));

  return () => {
    let openedAt: number | undefined;
    let waitsForFirst = true;
    return {
      onOpen() {
        openedAt = performance.now();
        activeStreams.add(1, attributes);
      },
      onEvent() {
        events++;
        if (!waitsForFirst || openedAt === undefined) return;
        waitsForFirst = false;
        timeToFirstEvent.record((performance.now() - openedAt) / 1_000, attributes);
      },
      onError() {
        // What follows is the error event, which is not what the client has waited for.
        waitsForFirst = false;
      },
      onClose({ reason, durationMs, bytes, error }) {
        // Cancelled before anybody read it: it was never counted as open.
        if (openedAt === undefined) return;
        activeStreams.add(-1, attributes);
        sentBytes.add(bytes, attributes);
        streamDuration.record(durationMs / 1_000, { ...attributes, "sse.close.reason": reason, ...errorType(error) });
      },
    };
  };
}

/** Low in cardinality: the name of a gRPC status or of an error's class, never a message. */
function errorType(error: unknown): Attributes {
  if (error === undefined) return {};
  const { status, name }: { status?: unknown; name?: unknown } = Object(error);
  const type = [status, name].find((value) => typeof value === "string" && /^\w{1,40}$/.test(value));
  return { "error.type": typeof type === "string" ? type : "_OTHER" };
}
