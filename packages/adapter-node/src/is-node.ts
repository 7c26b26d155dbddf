/** Other runtimes have a `node:http` of their own, in which the socket is none, or not the response's alone. */
export const isNode: boolean = process.versions["bun"] === undefined && process.versions["deno"] === undefined;
