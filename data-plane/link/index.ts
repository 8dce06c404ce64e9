/** The client end of the change stream: the local catalog, and the way to the control plane. */

export * from "./catalog.ts";
