import { isHost } from "./is-host.ts";
import type { NodeRequest } from "./node-message.ts";
import type { RequestSettings } from "./request-options.ts";
import { RequestRefusedError } from "./request-refused-error.ts";

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * The target URI of a request.
 *
 * Host and path are joined as text, never resolved against each other: the path `//evil.example/` stays a path.
 *
 * @throws {RequestRefusedError} When host, forwarded protocol or target are invalid.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-3.3 | RFC 9112, 3.3}
 */
export function requestUrl(req: NodeRequest, settings: RequestSettings): string {
  // Express and Connect strip the mount path from `url`.
  const target = "originalUrl" in req && typeof req.originalUrl === "string" ? req.originalUrl : (req.url ?? "/");
  const [, authority, rest] = ABSOLUTE_FORM.exec(target) ?? [];
  // The host of an absolute-form target takes precedence over the Host field.
  const host = settings.host ?? forwarded(req, "host", settings) ?? authority ?? hostField(req) ?? "localhost";
  if (!isHost(host)) throw refusal("its host is invalid");
  return `${scheme(req, settings)}://${host}${pathOf(rest ?? target)}`;
}

/** The path and query; the asterisk-form of OPTIONS has neither. */
function pathOf(target: string): string {
  if (target === "*" || target === "") return "/";
  if (target.startsWith("?")) return `/${target}`;
  if (!target.startsWith("/")) throw refusal("its target is invalid");
  return target;
}

function hostField(req: NodeRequest): string | undefined {
  // Empty for a target without an authority, which http URLs cannot have.
  return (req.headers[":authority"]?.toString() ?? req.headers.host) || undefined;
}

function scheme(req: NodeRequest, settings: RequestSettings): string {
  if (settings.protocol !== undefined) return settings.protocol;
  const proto = forwarded(req, "proto", settings)?.toLowerCase();
  if (proto === undefined) return isEncrypted(req) ? "https" : "http";
  if (proto !== "http" && proto !== "https") throw refusal("its X-Forwarded-Proto is neither http nor https");
  return proto;
}

function isEncrypted({ socket }: NodeRequest): boolean {
  // Test injectors have none, or one that is none.
  return socket && "encrypted" in socket && socket.encrypted === true;
}

/** The first value of a forwarded field, which the proxy nearest to the client has set. */
function forwarded(req: NodeRequest, field: "host" | "proto", { trustProxy }: RequestSettings): string | undefined {
  if (!trustProxy) return undefined;
  return req.headers[`x-forwarded-${field}`]?.toString().split(",", 1)[0]?.trim();
}

function refusal(message: string): RequestRefusedError {
  return new RequestRefusedError("BAD_REQUEST", message);
}
