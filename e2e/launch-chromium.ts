import { type Browser, chromium } from "playwright-core";
import type { Component } from "./find-component.ts";

/** A headless Chromium that does not call home, which a closed network would turn into noise. */
export function launchChromium({ path }: Component): Promise<Browser> {
  return chromium.launch({
    ...(path === undefined ? {} : { executablePath: path }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
