/** Writes the methods of the TypeScript client from the API's own description of itself. */
import { API_ROUTES, openApiDocument } from "#control-plane/api";
import type { ApiDocument } from "./typescript-client/api-document.ts";
import { clientText } from "./typescript-client/client-text.ts";

export const CLIENT = "clients/typescript/src/operations.gen.ts";

export const typescriptClient = (): string => clientText(openApiDocument(API_ROUTES, "") as unknown as ApiDocument);

if (import.meta.main) await Bun.write(CLIENT, typescriptClient());
