import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findOpenssl } from "../find-component.ts";
import { type ClientSite, serveClientSite } from "./client-site.ts";
import { readers } from "./readers.ts";

const openssl = findOpenssl();

// An EventSource has no listener for this one; who reads all events sees it.
const end = ["~end", "~end", ""];

describe.each(readers)("$name", ({ secure, component, read }) => {
  const isMissing = (component !== undefined && component.path === undefined) || openssl.path === undefined;

  describe.skipIf(isMissing)(component?.note ?? "in Node", () => {
    let site: ClientSite;

    beforeAll(async () => {
      site = await serveClientSite(secure);
    });

    afterAll(() => site?.stop());

    it("reads typed events to the end, and is told not to come back after it", async () => {
      expect(await read(`${site.url}/typed`)).toEqual({
        status: 200,
        events: [
          ["progress", "", "50"],
          ["note", "n-1", "two\nlines, 語 and 🙂"],
          ["message", "", ""],
          ["progress", "", " 100"],
          end,
        ],
      });
      expect(await read(`${site.url}/typed`, "~end")).toEqual({ status: 204, events: [] });
    });

    it("reads the error event", async () => {
      expect(await read(`${site.url}/failing`)).toEqual({
        status: 200,
        events: [["progress", "", "50"], ["error", "", '{"error":"boom","status":"error"}'], end],
      });
    });

    it.each(["1", "é-1", "語-1", "🙂"])("resumes after the id it is given, %s", async (id) => {
      const path = `/resumed?id=${encodeURIComponent(id)}`;
      expect(await read(site.url + path, id)).toEqual({ status: 200, events: [["progress", "", "second"], end] });
      expect(site.seen(path).map(({ lastEventId }) => lastEventId)).toEqual([id]);
    });
  });
});
