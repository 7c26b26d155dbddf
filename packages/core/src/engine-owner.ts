/** Keeps the engines that run, and may end them. */
export interface EngineOwner {
  opened(engine: OwnedEngine): void;
  closed(engine: OwnedEngine): void;
}

/** An engine as its owner sees it. */
export interface OwnedEngine {
  /** Ends the stream once the reader has taken what is ready; it is told to come back after `retryMs`. */
  drain(retryMs: number): void;
  /** Ends at once a stream that is about to end, but whose reader does not take what is left. */
  close(): void;
}
