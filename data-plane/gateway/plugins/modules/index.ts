/** Plugins of others: WebAssembly modules, each call with limits, with nothing but what is declared. */
export { type ModulePlugin, modulePlugin } from "./module-plugin.ts";
