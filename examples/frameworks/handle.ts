import { jobs, manager } from "./jobs.ts";

/** A handler as every fetch runtime has it. */
export function handle(request: Request): Response {
  const id = /^\/jobs\/([^/]+)\/progress$/.exec(new URL(request.url).pathname)?.[1];
  if (id === undefined) return new Response("Not found\n", { status: 404 });
  return manager.createResponse(jobs.watch(id), {
    eventType: "progress",
    request,
    headers: { "X-Served-By": "Node" },
  });
}
