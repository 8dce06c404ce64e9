/** Files that options name. */
import { readFileSync } from "node:fs";
import { GatewayUsage } from "./gateway-usage.ts";

/** @throws GatewayUsage */
export function fileOf(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new GatewayUsage(`--${option}: ${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`);
  }
}
