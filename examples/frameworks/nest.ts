import "reflect-metadata";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Controller, Get, type INestApplication, Module, Param, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
import { accessLog, jobs, manager } from "./jobs.ts";

class JobsController {
  async progress(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    // What is thrown here goes to the exception filters of Nest.
    const source = jobs.watch(id);
    const request = toWebRequest(req, res);
    await sendResponse(manager.createResponse(source, { eventType: "progress", request }), res);
  }
}

class AppModule {}

// With `experimentalDecorators` in your tsconfig.json these are decorators, as in the README. As functions they need no
// option: @Controller("jobs"), @Get(":id/progress"), @Param("id") id, @Req() req, @Res() res, @Module(…).
const { prototype } = JobsController;
Controller("jobs")(JobsController);
Get(":id/progress")(prototype, "progress", { value: prototype.progress });
Param("id")(prototype, "progress", 0);
Req()(prototype, "progress", 1);
// With it Nest leaves the response to the handler.
Res()(prototype, "progress", 2);
Module({ controllers: [JobsController] })(AppModule);

export const app: INestApplication<Server> = await NestFactory.create(AppModule, { logger: false });

app.use((req: IncomingMessage, res: ServerResponse, next: () => void) => {
  res.once("close", () => accessLog.write(`${req.method} ${req.url} ${res.statusCode}`));
  next();
});

app.useGlobalInterceptors({
  intercept(context, next) {
    context.switchToHttp().getResponse<ServerResponse>().setHeader("X-Served-By", "Nest");
    // Completes when the stream is over.
    return next.handle();
  },
});

await app.init();

export const server: Server = app.getHttpServer();
