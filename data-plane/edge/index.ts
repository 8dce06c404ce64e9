/** The edge: HTTP, HTTPS, TLS and raw TCP from outside to the instances that are ready. */
export { type Edge, type EdgeOptions, startEdge } from "./edge.ts";
export { type Certificate, type LocalCa, openLocalCa } from "./local-ca.ts";
