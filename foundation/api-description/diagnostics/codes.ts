/** The catalogue of all codes, permanent ones. `explain CODE` shows an entry. */
import type { CodeEntry } from "./code-entry.ts";
import { DOCUMENT_CODES } from "./document-codes.ts";
import { GATEWAY_CODES } from "./gateway-codes.ts";
import { WARNING_CODES } from "./warning-codes.ts";

export const DIAGNOSTIC_CODES = { ...DOCUMENT_CODES, ...GATEWAY_CODES, ...WARNING_CODES } as const;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;

/** The entry of a code, in any case; undefined when there is none. */
export function explainCode(code: string): (CodeEntry & { readonly code: DiagnosticCode }) | undefined {
  const name = code.toUpperCase();
  return Object.hasOwn(DIAGNOSTIC_CODES, name)
    ? { code: name as DiagnosticCode, ...DIAGNOSTIC_CODES[name as DiagnosticCode] }
    : undefined;
}
