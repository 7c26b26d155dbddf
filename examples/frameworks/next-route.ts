// app/jobs/[id]/progress/route.ts
import { jobs, manager } from "./jobs.ts";

/** Never rendered ahead of time. */
export const dynamic = "force-dynamic";

/** Next.js takes a Response as it is. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  return manager.createResponse(jobs.watch(id), { eventType: "progress", request });
}
