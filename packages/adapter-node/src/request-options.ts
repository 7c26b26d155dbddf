import { isHost } from "./is-host.ts";
import { outOfRange, wrongType } from "./options-check.ts";

/** Where the URL of a request comes from; see {@link toWebRequest}. */
export interface ToWebRequestOptions {
  /**
   * Believe `X-Forwarded-Host` and `X-Forwarded-Proto`, the first value of each. Only behind a proxy that sets both
   * itself: anybody else can write them as well.
   *
   * @defaultValue false
   */
  trustProxy?: boolean | undefined;
  /**
   * Host, with port if need be, of every request's URL, whatever the client says: `"example.com:8443"`.
   *
   * @defaultValue that of the request: `X-Forwarded-Host` if trusted, else of an absolute-form target, `:authority`,
   * or `Host`; `localhost` for an HTTP/1.0 client that names none
   */
  host?: string | undefined;
  /**
   * Scheme of every request's URL.
   *
   * @defaultValue `X-Forwarded-Proto` if trusted, else `"https"` on an encrypted connection, `"http"` on others
   */
  protocol?: "http" | "https" | undefined;
}

/** Checked options. */
export interface RequestSettings {
  readonly trustProxy: boolean;
  readonly host: string | undefined;
  readonly protocol: "http" | "https" | undefined;
}

export const REQUEST_OPTION_NAMES: readonly string[] = ["trustProxy", "host", "protocol"];

/** Checks `options`; unknown names are refused by whoever knows all that are allowed. */
export function resolveRequestOptions(task: string, options: ToWebRequestOptions): RequestSettings {
  const { trustProxy = false, host, protocol } = options;
  if (typeof trustProxy !== "boolean") throw wrongType(task, "trustProxy", "a boolean", trustProxy);
  if (host !== undefined) {
    const allowed = "a host with an optional port, like `example.com:8443`";
    if (typeof host !== "string") throw wrongType(task, "host", allowed, host);
    if (!isHost(host)) throw outOfRange(task, "host", allowed, host);
  }
  if (protocol !== undefined) {
    const allowed = '"http" or "https"';
    if (typeof protocol !== "string") throw wrongType(task, "protocol", allowed, protocol);
    if (protocol !== "http" && protocol !== "https") throw outOfRange(task, "protocol", allowed, protocol);
  }
  return { trustProxy, host, protocol };
}
