/** Dispatchers: where a request goes. */
import type { PluginDeclaration } from "../plugin-declaration.ts";
import { HTTP_UPSTREAM } from "./dispatch/http-upstream.ts";
import { MOCK } from "./dispatch/mock.ts";

export const DISPATCH_PLUGINS: readonly PluginDeclaration[] = [HTTP_UPSTREAM, MOCK];
