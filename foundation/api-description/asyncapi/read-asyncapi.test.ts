import { describe, expect, test } from "bun:test";
import type { Operation } from "../model.ts";
import { load, told } from "../test-descriptions.ts";

const TEXT = `asyncapi: 3.0.0
info: {title: Orders, version: '1'}
defaultContentType: application/json
x-barbacane-middlewares: [{name: jwt}]
channels:
  created:
    address: orders/{region}/created
    parameters:
      region: {$ref: '#/components/parameters/Region'}
    messages:
      one: {$ref: '#/components/messages/One'}
      two:
        payload: {type: object, required: [b]}
        traits: [{contentType: application/json}]
      text: {contentType: text/plain, payload: {schemaFormat: 'application/schema+json;version=draft-07', schema: {type: string}}}
    bindings: {kafka: {topic: orders}}
  plain: {address: /plain}
operations:
  sendOrder:
    action: send
    channel: {$ref: '#/channels/created'}
    summary: Send an order
    traits: [{description: From a trait, security: [{$ref: '#/components/securitySchemes/key'}]}]
    bindings: {kafka: {acks: 1}}
    x-barbacane-dispatch: {name: kafka}
  sendOne:
    action: receive
    channel: {$ref: '#/channels/created'}
    messages: [{$ref: '#/channels/created/messages/one'}]
    security: [{type: http, scheme: Bearer}]
    x-barbacane-dispatch: {name: kafka}
  nothing: {action: send, channel: {$ref: '#/channels/plain'}, x-barbacane-dispatch: {name: mock}}
components:
  parameters:
    Region: {enum: [eu, us], description: Where}
  messages:
    One: {payload: {$ref: '#/components/schemas/Order'}}
  schemas:
    Order: {type: object}
  securitySchemes:
    key: {type: userPassword}
`;

function operations(): readonly Operation[] {
  const { descriptions, diagnostics } = load({ "orders.yaml": TEXT }, { withoutDispatch: "error" });
  expect(diagnostics).toEqual([]);
  return descriptions[0]!.operations;
}

describe("an AsyncAPI document", () => {
  test("send is POST, receive is GET, on the address of the channel", () => {
    expect(
      operations().map(
        (one) => `${one.operationId} ${one.method} ${one.path} ${one.dispatch!.name} ${one.middlewares[0]!.name}`,
      ),
    ).toEqual([
      "sendOrder POST /orders/{region}/created kafka jwt",
      "sendOne GET /orders/{region}/created kafka jwt",
      "nothing POST /plain mock jwt",
    ]);
  });

  test("parameters of the channel are parameters of the path", () => {
    const [{ parameters }] = operations() as [Operation];
    expect(parameters).toMatchObject([{ name: "region", in: "path", required: true, description: "Where" }]);
    expect(parameters[0]!.schema!.value).toEqual({ type: "string", enum: ["eu", "us"] });
  });

  test("messages are media types of the body; several of one type are alternatives", () => {
    const [send, receive, nothing] = operations();
    const content = send!.requestBody!.content;
    expect(content.map(({ mediaType }) => mediaType)).toEqual(["application/json", "text/plain"]);
    expect(content[0]!.schema).toMatchObject({
      uri: "file:///orders.yaml?made",
      value: {
        anyOf: [
          { $ref: "file:///orders.yaml#/components/messages/One/payload" },
          { $ref: "file:///orders.yaml#/channels/created/messages/two/payload" },
        ],
      },
    });
    expect(content[1]!.schema).toMatchObject({ pointer: "/channels/created/messages/text/payload/schema" });
    expect(send!.responses).toEqual([]);
    expect(receive!.requestBody).toBeUndefined();
    expect(receive!.responses).toMatchObject([
      { status: "200", content: [{ schema: { value: { $ref: "#/components/schemas/Order" } } }] },
    ]);
    expect(nothing!.requestBody).toBeUndefined();
  });

  test("made schemas are handed on beside those that are written", () => {
    const { schemaDocuments } = load({ "orders.yaml": TEXT }).descriptions[0]!;
    expect(schemaDocuments.map(({ uri }) => uri)).toEqual(["file:///orders.yaml", "file:///orders.yaml?made"]);
    expect(schemaDocuments[1]!.schemasAt).toEqual(["/~1channels~1created region", "/sendOrder application~1json"]);
  });

  test("traits fill in what the operation does not say; bindings are kept", () => {
    const [send, receive] = operations();
    expect(send).toMatchObject({ summary: "Send an order", description: "From a trait" });
    expect(send!.security).toMatchObject([{ requirements: [{ scheme: { name: "key", type: "userPassword" } }] }]);
    expect(receive!.security).toMatchObject([{ requirements: [{ scheme: { type: "http", scheme: "bearer" } }] }]);
    expect(send!.bindings).toEqual({ channel: { kafka: { topic: "orders" } }, operation: { kafka: { acks: 1 } } });
  });

  test("keys of connections have no name, and those of HTTP have one", () => {
    const scheme = (fields: string) => TEXT.replace("{type: userPassword}", `{${fields}}`);
    expect(told({ a: scheme("type: apiKey, in: user") })).toEqual([]);
    expect(told({ a: scheme("type: apiKey") })).toEqual(['41:5 E1004 A scheme of type apiKey needs "in".']);
    expect(told({ a: scheme("type: httpApiKey, in: header") })).toEqual([
      '41:5 E1004 A scheme of type httpApiKey needs "name".',
    ]);
  });

  test("what is wrong with it is told with its place", () => {
    const text = `asyncapi: 3.0.0
info: {title: T, version: '1'}
channels:
  a: {address: null, messages: {m: {payload: {schemaFormat: application/vnd.apache.avro, schema: {}}}}}
  b: {address: 'b/{id}', messages: {m: {headers: {type: object}, payload: {items: [{}]}}}}
operations:
  one: {action: send, channel: {$ref: '#/channels/a'}}
  two: {action: publish, channel: {$ref: '#/channels/b'}}
  three: {action: send, channel: {address: x}}
  four: {action: send, channel: {$ref: '#/channels/b'}, reply: {}}
  five: {action: send, channel: {$ref: '#/channels/none'}}
`;
    expect(told({ a: text })).toEqual([
      "4:16 E1004 A channel that is used needs an address.",
      '4:61 E1004 Schemas of the format "application/vnd.apache.avro" cannot be checked.',
      "5:41 W1010 Headers of messages are not checked.",
      "5:76 E1004 items holds one schema, not a list.",
      '8:17 E1004 "action" is one of send, receive, not "publish".',
      '9:25 E1004 "channel" is a reference: {$ref: …}.',
      '10:3 E1056 {id} of "/b/{id}" is not declared.',
      "10:57 W1010 Replies do not come through the gateway: they are not used.",
      '11:40 E1003 "#/channels/none" leads nowhere: a#/channels has no "none".',
    ]);
  });
});
