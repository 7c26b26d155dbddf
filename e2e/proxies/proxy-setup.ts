import { type Component, findApache, findCaddy, findHaproxy, findNginx, findVarnish } from "../find-component.ts";
import { type ConfigChange, changeConfig, guideConfig } from "./guide-config.ts";
import type { ProxyCommand } from "./proxy-process.ts";

/** Where a proxy listens and what it serves. */
export interface ProxyPlace {
  readonly port: number;
  readonly appPort: number;
  /** Whether to serve HTTP/2 over TLS, or HTTP/1.1 in the clear. */
  readonly secure: boolean;
  /** Key and certificate. */
  readonly pem: string;
  /** After how many seconds of silence to give the app up. */
  readonly timeoutS: number;
}

/** How a proxy is started with the guide's configuration, changed further. */
export interface ProxyKind {
  readonly component: Component;
  command(place: ProxyPlace, changes: readonly ConfigChange[]): (folder: string) => ProxyCommand;
}

export const nginx: ProxyKind = {
  component: findNginx(),
  command: ({ port, appPort, secure, pem, timeoutS }, changes) => {
    const server = guideConfig("nginx", [
      ["listen 443 ssl http2;", `listen 127.0.0.1:${port}${secure ? " ssl http2" : ""};`],
      ["/etc/ssl/app.pem", "app.pem"],
      ["127.0.0.1:8080", `127.0.0.1:${appPort}`],
      ["60s", `${timeoutS}s`],
    ]);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path tmp;`);
    const config = `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
pid nginx.pid;
error_log stderr;
events {}
http {
access_log off;
proxy_buffering on;
${temporary.join("\n")}
${server}}
`;
    return (folder) => ({
      path: nginx.component.path ?? "nginx",
      args: ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
      files: { "nginx.conf": changeConfig(config, changes), "app.pem": pem },
    });
  },
};

const apacheModules = ["mpm_event", "authz_core", "proxy", "proxy_http", "filter", "deflate", "ssl", "http2"];

export const apache: ProxyKind = {
  component: findApache(),
  command: ({ port, appPort, secure, pem, timeoutS }, changes) => {
    const host = guideConfig("apache", [
      ["*:443", `127.0.0.1:${port}`],
      ["SSLEngine on", `SSLEngine ${secure ? "on" : "off"}`],
      ["/etc/ssl/app.pem", "app.pem"],
      ["127.0.0.1:8080", `127.0.0.1:${appPort}`],
      ["ProxyTimeout 60", `ProxyTimeout ${timeoutS}`],
    ]);
    return (folder) => ({
      path: apache.component.path ?? "apache2",
      args: ["-DFOREGROUND", "-d", folder, "-f", `${folder}/httpd.conf`],
      files: {
        "app.pem": pem,
        "httpd.conf": changeConfig(
          `ServerName localhost
${apacheModules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog /dev/stderr
# It will not run as root; these are "nobody", and without effect unless it is started as root.
User #65534
Group #65534
Listen 127.0.0.1:${port}
${host}`,
          changes,
        ),
      },
    });
  },
};

export const haproxy: ProxyKind = {
  component: findHaproxy(),
  command: ({ port, appPort, secure, pem, timeoutS }, changes) => {
    const config = guideConfig("haproxy", [
      [
        "bind :443 ssl crt /etc/ssl/app.pem alpn h2,http/1.1",
        `bind 127.0.0.1:${port}${secure ? " ssl crt app.pem alpn h2,http/1.1" : ""}`,
      ],
      ["127.0.0.1:8080", `127.0.0.1:${appPort}`],
      ["60s", `${timeoutS}s`],
    ]);
    return () => ({
      path: haproxy.component.path ?? "haproxy",
      args: ["-db", "-f", "haproxy.cfg"],
      files: { "haproxy.cfg": changeConfig(config, changes), "app.pem": pem },
    });
  },
};

/** Without TLS, which it leaves to others. */
export const varnish: ProxyKind = {
  component: findVarnish(),
  command: ({ port, appPort, timeoutS }, changes) => {
    const config = guideConfig("vcl", [["8080", `${appPort}`]]);
    return (folder) => ({
      path: varnish.component.path ?? "varnishd",
      args: [
        ...["-F", "-j", "none", "-T", "none", "-n", `${folder}/tmp`, "-a", `127.0.0.1:${port}`],
        ...["-p", `pipe_timeout=${timeoutS}`, "-f", `${folder}/default.vcl`],
      ],
      files: { "default.vcl": changeConfig(config, changes) },
    });
  },
};

export const caddy: ProxyKind = {
  component: findCaddy(),
  command: ({ port, appPort, secure, pem, timeoutS }, changes) => {
    const site = guideConfig("caddyfile", [
      ["app.example.com", secure ? `https://localhost:${port}` : `http://localhost:${port}, http://127.0.0.1:${port}`],
      ["encode", `bind 127.0.0.1\n${secure ? "tls app.pem app.pem\n" : ""}encode`],
      // It has no time-out unless it is told one.
      ["127.0.0.1:8080", `127.0.0.1:${appPort} {\ntransport http {\nread_timeout ${timeoutS}s\n}\n}`],
    ]);
    return () => ({
      path: caddy.component.path ?? "caddy",
      args: ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
      files: { Caddyfile: changeConfig(`{\nadmin off\nauto_https off\n}\n${site}`, changes), "app.pem": pem },
    });
  },
};
