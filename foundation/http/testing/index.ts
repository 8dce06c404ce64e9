/** For tests of other rooms: a client that sends exactly what it is told. */
export { type RawClient, rawClient, rawExchange } from "./raw-client.ts";
