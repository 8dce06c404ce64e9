/** A static answer of `foundation/http1`. Prints its port. */
import { serve } from "#foundation/http1";
import { BODY, FIELDS } from "./answers.ts";

const server = await serve({
  port: 0,
  onExchange: (exchange) => exchange.answer({ status: 200, fields: FIELDS }, BODY),
});
console.log(server.port);
