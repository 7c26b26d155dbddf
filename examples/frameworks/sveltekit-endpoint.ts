// src/routes/jobs/[id]/progress/+server.ts
import { jobs, manager } from "./jobs.ts";

/** SvelteKit takes a Response as it is; what it calls RequestEvent has these. */
export function GET({ request, params }: { request: Request; params: { id: string } }): Response {
  return manager.createResponse(jobs.watch(params.id), { eventType: "progress", request });
}
