import { type ConformanceApp, createConformanceApp } from "../app.ts";

const app: ConformanceApp = createConformanceApp();

export default app;
