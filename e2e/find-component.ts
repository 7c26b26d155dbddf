import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that a test needs and this project cannot bring along. */
export interface Component {
  /** `undefined` when it is missing. */
  readonly path: string | undefined;
  /** For the name of a test: where it was found, or how to install it. */
  readonly note: string;
}

/**
 * Looks for a program: at the path in `variable`, on the PATH, then at `places`. A test without it is skipped, and says so.
 *
 * @throws {Error} When it is missing with CI=true: there, a test that is skipped is a test that is missing.
 */
function findComponent(
  names: readonly string[],
  variable: string,
  places: readonly string[] = [],
  debianPackage: string | undefined = names[0],
): Component {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const path = [process.env[variable] ?? "", ...onPath, ...places].find((place) => place !== "" && existsSync(place));
  const note = path ?? `missing: install ${names[0]} (Debian: apt-get install ${debianPackage}) or set ${variable}`;
  if (path === undefined && process.env["CI"] === "true") throw new Error(note);
  return { path, note };
}

export const findChromium = (): Component =>
  findComponent(["chromium", "chromium-browser", "google-chrome"], "CHROMIUM_PATH", [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ]);

export const findCurl = (): Component => findComponent(["curl", "curl.exe"], "CURL_PATH");

export const findOpenssl = (): Component => findComponent(["openssl"], "OPENSSL_PATH");

export const findNginx = (): Component => findComponent(["nginx"], "NGINX_PATH", ["/usr/sbin/nginx"]);

/** Debian's, whose modules lie where the tests expect them. */
export const findApache = (): Component => findComponent(["apache2"], "APACHE_PATH", ["/usr/sbin/apache2"]);

export const findHaproxy = (): Component => findComponent(["haproxy"], "HAPROXY_PATH", ["/usr/sbin/haproxy"]);

export const findVarnish = (): Component =>
  findComponent(["varnishd"], "VARNISH_PATH", ["/usr/sbin/varnishd"], "varnish");

export const findCaddy = (): Component => findComponent(["caddy"], "CADDY_PATH");
