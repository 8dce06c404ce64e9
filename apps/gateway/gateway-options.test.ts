import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGatewaySettings } from "./gateway-options.ts";

const KEY = "bbk_a-key-that-nobody-is-to-see";
const fleet = { "control-plane": "https://ops.example/gateways", "project-id": "prj_1" };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-options-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a gateway of a fleet", () => {
  test.each(["http", "https", "ws", "wss"])("R15: dials an address of %s, and needs no artifact", (scheme) => {
    const controlPlaneUrl = `${scheme}://control:8080`;
    const settings = readGatewaySettings({ ...fleet, "control-plane": controlPlaneUrl, "api-key": KEY }, {});
    expect(settings.artifact).toBeUndefined();
    expect(settings.fleet).toMatchObject({ controlPlaneUrl, projectId: "prj_1", apiKey: KEY });
  });

  test("takes its key from an option, a file or the environment, in this order", () => {
    const path = join(folder, "key");
    writeFileSync(path, "bbk_of-the-file\n");
    const environment = { BIPLANE_GATEWAY_API_KEY: "bbk_of-the-environment" };
    const keyOf = (more: object) => readGatewaySettings({ ...fleet, ...more }, environment).fleet?.apiKey;
    expect(keyOf({ "api-key": KEY })).toBe(KEY);
    expect(keyOf({ "api-key-file": path })).toBe("bbk_of-the-file");
    expect(keyOf({})).toBe("bbk_of-the-environment");
  });

  test.each([
    ["no project", { "project-id": "" }, "--project-id"],
    ["no key", { "api-key": "" }, "BIPLANE_GATEWAY_API_KEY"],
    ["two keys", { "api-key-file": "key" }, "not given together"],
    ["a key file that is not there", { "api-key": "", "api-key-file": "/nowhere/key" }, "/nowhere/key cannot be read"],
    ["a key with a line break", { "api-key": `${KEY}\n${KEY}` }, "printable ASCII"],
    ["another scheme", { "control-plane": "ftp://ops.example" }, "must be http:, https:, ws: or wss:"],
    ["a key in the address", { "control-plane": `https://${KEY}@ops.example` }, "a host and a path"],
    ["a name with a line break", { "data-plane-name": "a\nb" }, "--data-plane-name"],
    ["no control plane", { "control-plane": "" }, "--control-plane URL"],
  ])("refuses %s, without telling the key", (_, more, told) => {
    const read = () => readGatewaySettings({ ...fleet, "api-key": KEY, ...more }, {});
    expect(read).toThrow(told);
    try {
      read();
    } catch (error) {
      expect((error as Error).message).not.toContain("bbk_");
    }
  });
});
