import type { Mutation } from "../conformance/bundle-host.ts";

/** A broken library, and the checks of the conformance suite that must see it: these, and no others. */
export interface Mutant extends Mutation {
  readonly breaks: readonly string[];
}

export const mutants: readonly Mutant[] = [
  {
    name: "unbroken",
    package: "core",
    replacements: [],
    breaks: [],
  },
  {
    name: "no-cancel",
    package: "core",
    replacements: [
      ['this.#finish({ reason: "cancelled" }, reason);', ""],
      ["clientSignal: request.signal, ", ""],
    ],
    breaks: [
      "the source is released when its client half-closes",
      "the source is released when its client closes (FIN)",
      "the source is released when its client resets (RST)",
      "the source is released when its client is killed",
    ],
  },
  {
    name: "start-driven-pump",
    package: "core",
    replacements: [
      ["pull(controller) {", "start(controller) {"],
      ["controller.enqueue(chunk);\n      return false;", "controller.enqueue(chunk);\n      return true;"],
    ],
    breaks: ["a client that stops reading stops the source, then gets everything"],
  },
  {
    name: "event-batching",
    package: "core",
    replacements: [
      [
        "atEndOfTurn(this.#onEndOfTurn);",
        "this.#encoder.events < 8 ? setTimeout(this.#onEndOfTurn, 400) : atEndOfTurn(this.#onEndOfTurn);",
      ],
    ],
    breaks: ["paced events arrive one by one, within 250 ms"],
  },
  {
    name: "no-x-accel-buffering",
    package: "core",
    replacements: [['"X-Accel-Buffering": "no"', ""]],
    breaks: ["headers and bytes are exact"],
  },
  {
    name: "no-end-after-an-error",
    package: "core",
    replacements: [["this.#observer.failed(error);", "return this.#push(this.#encoder.encodeError(error));"]],
    breaks: ["a source that fails becomes an error event and a clean end"],
  },
  {
    name: "an-error-cuts-the-stream",
    package: "core",
    replacements: [
      [
        "this.#observer.failed(error);",
        'this.#sink.error(error); this.#sink = undefined; return this.#finish({ reason: "failed", error });',
      ],
    ],
    breaks: ["a source that fails becomes an error event and a clean end"],
  },
  {
    name: "no-heartbeats",
    package: "core",
    replacements: [["this.#breakSilence(commentFrame(this.#options.heartbeatComment));", ""]],
    breaks: ["heartbeats arrive in silence"],
  },
  {
    name: "no-opening-comment",
    package: "core",
    replacements: [["this.#breakSilence(OPENING_FRAME);", ";"]],
    breaks: ["the head leaves before the first event, at once or with the opening comment"],
  },
  {
    name: "last-event-id-as-latin-1",
    package: "core",
    replacements: [[": decodeUtf8(header);", ": header;"]],
    breaks: ["a stream goes on after Last-Event-ID, UTF-8 included"],
  },
  {
    name: "no-backpressure-in-the-adapter",
    package: "adapter-node",
    replacements: [["if (socket.write(toChunk(bytes))) return true;", "socket.write(toChunk(bytes)); return true;"]],
    breaks: ["a client that stops reading stops the source, then gets everything"],
  },
  {
    name: "head-with-the-first-byte",
    package: "adapter-node",
    replacements: [["sink.flushHead();", ""]],
    breaks: ["the head leaves before the first event, at once or with the opening comment"],
  },
  {
    name: "head-without-an-end",
    package: "adapter-node",
    replacements: [["if (sink.open) sink.end();", 'if (sink.open && res.req.method !== "HEAD") sink.end();']],
    breaks: [
      "HEAD gets the headers, and the source does not start",
      "HEAD leaves the connection of HTTP/1 to the next request",
    ],
  },
];
