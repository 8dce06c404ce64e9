import { describe, expect, test } from "bun:test";
import { fleetAddress } from "./fleet-address.ts";

describe("the control plane's URL", () => {
  test.each([
    ["http://control:8080", "ws://control:8080/ws/data-plane", "http://control:8080/a"],
    ["http://control:8080/", "ws://control:8080/ws/data-plane", "http://control:8080/a"],
    ["ws://control:8080", "ws://control:8080/ws/data-plane", "http://control:8080/a"],
    ["https://ops.example/gateways/", "wss://ops.example/gateways/ws/data-plane", "https://ops.example/gateways/a"],
    ["wss://ops.example/x/ws/data-plane", "wss://ops.example/x/ws/data-plane", "https://ops.example/x/a"],
    ["ws://[::1]:9090/ws/data-plane/", "ws://[::1]:9090/ws/data-plane", "http://[::1]:9090/a"],
  ])("%s", (text, socketUrl, below) => {
    const address = fleetAddress(text);
    expect(address.socketUrl).toBe(socketUrl);
    expect(address.below("/a")).toBe(below);
  });

  test.each(["", "control:8080", "ftp://x", "http://user:secret@x", "http://x?key=secret", "http://x#y"])(
    "is not %p",
    (text) => {
      expect(() => fleetAddress(text)).toThrow(TypeError);
      expect(() => fleetAddress(text)).not.toThrow(/secret/);
    },
  );

  test.each(["@evil.example/", "http://evil.example/", "../x", "/../x", "/%2e%2e/x", "/a/../../x", "\\..\\x", ""])(
    "has nothing below it at %p",
    (path) => {
      expect(() => fleetAddress("http://control/fleet").below(path)).toThrow(TypeError);
      if (!path.startsWith("/")) expect(() => fleetAddress("http://control").below(path)).toThrow(TypeError);
    },
  );

  test("what looks like another host stays a path", () => {
    expect(fleetAddress("http://control").below("//evil.example/x")).toBe("http://control//evil.example/x");
  });
});
