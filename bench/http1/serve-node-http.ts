/** A static answer of `node:http`, as Bun has it. Prints its port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BODY, FIELDS } from "./answers.ts";

const server = createServer((_request, response) => {
  response.writeHead(200, [...FIELDS, "Content-Length", String(BODY.length)]);
  response.end(BODY);
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
