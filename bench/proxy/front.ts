/** Our proxy as a process of its own: `front.ts <upstream port>`. Prints its port. */
import { serveHttp } from "#foundation/http";
import { type Backend, createProxy } from "#foundation/proxy";

const backend: Backend = { address: { kind: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) } };
const proxy = createProxy({ route: () => ({ backend }), forwarded: { for: "append" }, port: 80 });
const server = await serveHttp({ port: 0, handler: proxy.handler, requestIdHeader: null });
console.log(server.port);
