/** A registered name, IPv4 or bracketed IPv6 address, and a port. No user, no path: nothing that could end the host early. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d*)?$/i;

/** Whether `text` is a host, with or without a port, and a URL can be made of it. */
export function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(`http://${text}`);
}
