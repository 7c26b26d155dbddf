// app/routes/jobs.$id.progress.ts, a resource route of React Router or Remix
import { jobs, manager } from "./jobs.ts";

/** React Router takes a Response as it is; what it calls LoaderFunctionArgs has these. */
export async function loader({ request, params }: { request: Request; params: { id?: string } }): Promise<Response> {
  return manager.createResponse(jobs.watch(params.id ?? ""), { eventType: "progress", request });
}
