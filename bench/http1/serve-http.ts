/** A static answer of `foundation/http`. Prints its port. */
import { serveHttp } from "#foundation/http";
import { BODY, FIELDS } from "./answers.ts";

const headers = [0, 2, 4].map((i) => [FIELDS[i]!, FIELDS[i + 1]!] as const);
const server = await serveHttp({
  port: 0,
  requestIdHeader: null,
  handler: () => ({ status: 200, headers, body: BODY }),
});
console.log(server.port);
