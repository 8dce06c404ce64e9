/** Lists of tools are held to what the operations ask for. */
import { afterEach, describe, expect, test } from "bun:test";
import { compiled, starting } from "./support/compiled-gateway.ts";

const started = starting();
afterEach(() => started.end());

const keys = `keys: [{key: "k-ann", id: ann, groups: [staff]}, {key: "k-bob", id: bob}]`;

/** @param open whether there is an operation for everybody */
const description = (open: boolean, first = ""): string => `openapi: 3.1.0
info: {title: Things, version: "1"}
x-biplane-mcp: {enabled: true}
paths:
${
  open
    ? `  /open: {get: {operationId: open, summary: For everybody, x-biplane-dispatch: {name: mock}, responses: {"200": {description: ok}}}}\n`
    : ""
}  /known:
    get:
      operationId: known
      summary: For who is known
      x-biplane-middlewares: [${first}{name: apikey-auth, config: {${keys}}}]
      x-biplane-dispatch: {name: mock}
      responses: {"200": {description: ok}}
  /staff:
    get:
      operationId: staff
      summary: For staff
      x-biplane-middlewares: [${first}{name: apikey-auth, config: {${keys}}}, {name: acl, config: {allow: [staff]}}]
      x-biplane-dispatch: {name: mock}
      responses: {"200": {description: ok}}
  /nobody:
    get:
      operationId: nobody
      summary: For another network
      x-biplane-middlewares: [{name: ip-restriction, config: {allow: ["192.0.2.0/24"]}}]
      x-biplane-dispatch: {name: mock}
      responses: {"200": {description: ok}}
`;

async function listed(url: string, key?: string, batch = false) {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const answer = await fetch(`${url}/__biplane/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === undefined ? {} : { "x-api-key": key }) },
    body: JSON.stringify(batch ? [message] : message),
  });
  const body = (await answer.json()) as {
    readonly result?: { readonly tools: readonly { readonly name: string }[] };
    readonly code?: string;
    readonly error?: { readonly message: string };
  };
  return { answer, body, names: body.result?.tools.map(({ name }) => name) };
}

describe("a list of tools", () => {
  test("has those that the caller may call, and no others", async () => {
    const { url } = await started.gateway(compiled(description(true)));
    expect((await listed(url)).names).toEqual(["open"]);
    expect((await listed(url, "k-bob")).names).toEqual(["known", "open"]);
    expect((await listed(url, "k-ann")).names).toEqual(["known", "open", "staff"]);
    expect((await listed(url, "k-eve")).names).toEqual(["open"]);
  });

  test("is refused as the operations are, to who may call none of them", async () => {
    const { url } = await started.gateway(compiled(description(false)));
    const { answer, body } = await listed(url);
    expect([answer.status, body.code]).toEqual([401, "authentication-failed"]);
    const [one] = (await listed(url, undefined, true)).body as unknown as [{ error: { message: string } }];
    expect(one.error.message).toBe("Nothing is open to this caller.");
    expect((await listed(url, "k-bob")).names).toEqual(["known"]);
  });

  test("counts once in each quota, and is no quicker way to guess keys than a call", async () => {
    const limit = `{name: rate-limit, config: {quota: 3, window: 3600}}, `;
    const { url } = await started.gateway(compiled(description(false, limit)));
    for (const key of ["guess 1", "guess 2"]) expect((await listed(url, key)).answer.status).toBe(401);
    expect((await listed(url, "k-ann")).names).toEqual(["known", "staff"]);
    expect((await listed(url, "k-ann")).answer.status).toBe(429);
  });

  test("takes nothing off the call that follows it", async () => {
    const { url } = await started.gateway(compiled(description(true)));
    const message = (id: number, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params });
    const answer = await fetch(`${url}/__biplane/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "k-bob" },
      body: JSON.stringify([message(1, "tools/list"), message(2, "tools/call", { name: "known" })]),
    });
    const [, called] = (await answer.json()) as [unknown, { result: { isError?: boolean } }];
    expect(called.result.isError ?? false).toBe(false);
  });
});
