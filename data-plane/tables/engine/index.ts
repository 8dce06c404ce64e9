/** Storage of tables: a port, and an engine on SQLite that implements it. */
export * from "./port.ts";
