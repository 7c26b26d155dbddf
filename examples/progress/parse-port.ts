/**
 * Reads the environment variable PORT.
 *
 * @throws {RangeError} When it is set to anything but a port.
 */
export function parsePort(text = "8080"): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new RangeError(`PORT must be an integer from 0 to 65535, got "${text}".`);
}
