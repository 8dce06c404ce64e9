/** All commands of the command line. Loading this table loads none of them. */
import type { Command } from "../cli/index.ts";
import { ACCOUNT_COMMANDS } from "./account/table.ts";
import { ADMIN_COMMAND } from "./admin/table.ts";
import { APP_COMMANDS } from "./apps/table.ts";
import { AUDIT_COMMAND } from "./audit/table.ts";
import { BUCKETS_COMMAND } from "./buckets/table.ts";
import { CLOUD_COMMANDS } from "./cloud/table.ts";
import { GATEWAY_COMMAND } from "./gateway/table.ts";
import { IDENTITY_COMMANDS } from "./identity/table.ts";
import { MANIFEST_COMMAND } from "./manifest/table.ts";
import { NODES_COMMAND } from "./nodes/table.ts";
import { ORG_COMMANDS } from "./orgs/table.ts";
import { PEOPLE_COMMAND } from "./people/table.ts";
import { QUEUES_COMMAND } from "./queues/table.ts";
import { START_COMMANDS } from "./start/table.ts";
import { STORE_COMMAND } from "./store/table.ts";
import { TABLES_COMMAND } from "./tables/table.ts";

export const ROOT_COMMAND: Command = {
  name: "biplane",
  summary: "Biplane: a private cloud in one program",
  options: [{ name: "version", help: "Show the version" }],
  commands: [
    ...START_COMMANDS,
    ...CLOUD_COMMANDS,
    ...APP_COMMANDS,
    BUCKETS_COMMAND,
    QUEUES_COMMAND,
    TABLES_COMMAND,
    STORE_COMMAND,
    GATEWAY_COMMAND,
    MANIFEST_COMMAND,
    ...ACCOUNT_COMMANDS,
    ...ORG_COMMANDS,
    PEOPLE_COMMAND,
    ...IDENTITY_COMMANDS,
    NODES_COMMAND,
    AUDIT_COMMAND,
    ADMIN_COMMAND,
  ],
  examples: [
    ["biplane up", "start a cloud on this machine"],
    ['eval "$(biplane env)"', "let AWS tools in this shell use it"],
    ["biplane buckets create photos", "make a bucket"],
    ["biplane status", "see what runs where"],
  ],
};
