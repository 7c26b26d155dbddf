import { EventEmitter } from "node:events";
import type { Page } from "playwright-core";

/** What a page under test has told, in order. */
export class PageLog {
  readonly entries: string[] = [];
  readonly #added: EventEmitter = new EventEmitter();

  /** Gives the page `tell()`; errors that nobody in it has caught are told as well. */
  static async of(page: Page): Promise<PageLog> {
    const log = new PageLog();
    await page.exposeFunction("tell", (entry: string) => log.#add(entry));
    page.on("pageerror", ({ message }) => log.#add(`uncaught ${message}`));
    return log;
  }

  /** Settles once the page has told `entry`. */
  async until(entry: string): Promise<void> {
    if (this.entries.includes(entry)) return;
    await new Promise<void>((resolve) => {
      this.#added.once(entry, resolve);
    });
  }

  #add(entry: string): void {
    this.entries.push(entry);
    this.#added.emit(entry);
  }
}
