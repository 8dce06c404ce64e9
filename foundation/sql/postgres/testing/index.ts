/** For tests and benchmarks that need a real server. */
export { type CutLine, openCutLine } from "./cut-line.ts";
export {
  makePostgresTemplate,
  postgresUrl,
  type ServerProcess,
  startTestPostgres,
  type TestDatabase,
  type TestPostgres,
  type TestPostgresOptions,
  testClient,
  whyNoPostgres,
} from "./test-server.ts";
