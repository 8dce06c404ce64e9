// Answers `hello` on PORT. Runs under Node and Bun, needs nothing else.
import { createServer } from "node:http";

const port = Number(process.env.PORT ?? 8080);
const greeting = process.env.GREETING ?? "hello";

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/" || pathname === "/healthz") {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${pathname === "/" ? greeting : "ok"}\n`);
  } else {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
    response.end("not found\n");
  }
});

server.listen(port, () => console.log(`listening on port ${server.address().port}`));

// Who is asked to stop takes no more connections, answers what it has begun, and leaves.
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
