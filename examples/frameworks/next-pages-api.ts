// pages/api/jobs/[id]/progress.ts
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
import { jobs, manager } from "./jobs.ts";

/** Here nobody but the handler answers, which Next.js cannot see. */
export const config = { api: { externalResolver: true } };

/** What Next.js calls NextApiRequest and NextApiResponse has these. */
export default async function handler(
  req: IncomingMessage & { query: Partial<Record<string, string | string[]>> },
  res: ServerResponse,
): Promise<void> {
  const source = jobs.watch(String(req.query["id"]));
  const request = toWebRequest(req, res);
  await sendResponse(manager.createResponse(source, { eventType: "progress", request }), res);
}
