/** `biplane manifest schema` */
import { manifestJsonSchema } from "#foundation/manifest";
import type { CommandBody } from "../../cli/command.ts";

export const manifestSchema: CommandBody = ({ terminal, json }) => {
  const schema = manifestJsonSchema();
  if (json) terminal.json(schema);
  else terminal.line(JSON.stringify(schema, undefined, 2));
  return undefined;
};
