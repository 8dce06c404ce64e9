/** For tests of other rooms that keep their log in a real server. */
export { createPostgresLog, type Differently, type PostgresLog } from "./postgres-world.ts";
