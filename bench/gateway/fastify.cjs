/** Fastify with its own JSON Schema checks (Ajv) and @fastify/reply-from, for the same description: `fastify.cjs <upstream port> <port>`. */
const fastify = require("fastify");
const replyFrom = require("@fastify/reply-from");

const app = fastify({ logger: false, keepAliveTimeout: 65_000 });
app.register(replyFrom, { base: `http://127.0.0.1:${process.argv[2]}`, undici: { connections: 256, pipelining: 1 } });
app.get(
  "/:size",
  {
    schema: {
      params: { type: "object", properties: { size: { type: "integer", minimum: 1 } }, required: ["size"] },
      querystring: { type: "object", properties: { limit: { type: "integer", minimum: 1, maximum: 100 } } },
      headers: { type: "object", properties: { "x-trace": { type: "string", pattern: "^[0-9]+$" } } },
    },
  },
  (request, reply) => reply.from(request.raw.url),
);
const line = {
  type: "object",
  additionalProperties: false,
  required: ["sku", "count"],
  properties: {
    sku: { type: "string", pattern: "^[A-Z0-9-]+$" },
    count: { type: "integer", minimum: 1 },
    note: { type: "string" },
  },
};
const order = {
  type: "object",
  required: ["customer", "lines"],
  properties: { customer: { type: "string", minLength: 1 }, lines: { type: "array", items: line } },
};
app.post("/orders", { schema: { body: order } }, (request, reply) => reply.from("/orders", { body: request.body }));
app.listen({ port: Number(process.argv[3]), host: "127.0.0.1" });
