import { execFileSync } from "node:child_process";

/** Makes a key and a certificate for `localhost`, both in one PEM. */
export function selfSigned(openssl: string): string {
  const options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  return execFileSync(openssl, [...options.split(" "), "-keyout", "-", "-out", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}
