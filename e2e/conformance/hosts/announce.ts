/** Tells the process that started this host where to reach it: the first line it prints. */
export function announce(origin: string): void {
  process.stdout.write(`${origin}\n`);
}
