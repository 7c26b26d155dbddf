/** Names in Redis of all that belongs to one log. */
export interface LogKeys {
  readonly stream: string;
  readonly lease: string;
  /** Counts the leases. */
  readonly fence: string;
}

/** The braces are a hash tag: in a cluster, all logs of a prefix are in one slot, as a read of many keys needs them. */
export function logKeys(prefix: string, key: string): LogKeys {
  const tag = `{${prefix}}`;
  return { stream: `${tag}:log:${key}`, lease: `${tag}:lease:${key}`, fence: `${tag}:fence:${key}` };
}

/** Name of the stream that wakes the reading connection of one process. */
export function wakeKey(prefix: string, processId: string): string {
  return `{${prefix}}:wake:${processId}`;
}
