/**
 * Reads the environment variable PORT.
 *
 * @param servers - How many servers there are: each has the port after that of the one before.
 * @throws {RangeError} When it is set to anything but a port.
 */
export function parsePort(text = "8080", servers = 1): number {
  const port = Number(text);
  const max = 65_536 - servers;
  if (/^\d+$/.test(text) && port <= max) return port;
  throw new RangeError(`PORT must be an integer from 0 to ${max}, got "${text}".`);
}
