import { describe, expect, test } from "bun:test";
import { API_ROUTES, openApiDocument } from "#control-plane/api";
import { BiplaneClient } from "../../../clients/typescript/src/index.ts";
import { ApiDescription } from "./api-description.ts";

const description = new ApiDescription(openApiDocument(API_ROUTES, ""));

type Method = (...given: readonly object[]) => Promise<unknown> | AsyncGenerator;

/** All methods of a client by `group.name`. */
function methodsOf(client: BiplaneClient): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (const [groupName, group] of Object.entries(client)) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(group))) {
      if (name === "constructor") continue;
      const method = (group as Readonly<Record<string, Method>>)[name]!;
      methods.set(`${groupName}.${name}`, method.bind(group));
    }
  }
  return methods;
}

/** Calls every method with whatever may stand in a path, and notes which operation the request is of. */
async function operationsCalled(): Promise<ReadonlyMap<string, string>> {
  let requested = "";
  const client = new BiplaneClient({
    url: "http://control.test",
    async fetch(url, { method }) {
      const { pathname } = new URL(url);
      requested = description.operationOf(method!, pathname)?.operationId ?? `none: ${method} ${pathname}`;
      return Response.json({ items: [] });
    },
  });
  // Whatever stands in paths; to a method that takes no parameters, it means nothing.
  const names = description.operations.flatMap(({ path }) => path.match(/(?<=\{)\w+(?=\})/g) ?? []);
  const given = { ...Object.fromEntries(names.map((name) => [name, "x"])), body: new Uint8Array(0) };
  const called = new Map<string, string>();
  for (const [name, method] of methodsOf(client)) {
    const answer = method(given, {});
    if (answer instanceof Promise) await answer;
    else await answer.next();
    called.set(name, requested);
  }
  return called;
}

describe("the methods", () => {
  test("every operation has one, and every method is of an operation", async () => {
    const called = await operationsCalled();
    const ids = description.operations.map(({ operationId }) => operationId);
    expect([...new Set(called.values())].sort()).toEqual([...ids].sort());
  });

  test("several are of one operation only where there are pages, or where it goes on", async () => {
    const byOperation = new Map<string, string[]>();
    for (const [name, id] of await operationsCalled()) byOperation.set(id, [...(byOperation.get(id) ?? []), name]);
    for (const names of byOperation.values()) {
      const others = names.slice(1).map((name) => name.split(".")[1]!);
      for (const name of others) expect(name).toMatch(/^[a-z]+All|^follow/);
    }
  });
});
