/** Commands by which the operator looks after people. */
import { type Command, ENDPOINT_OPTIONS } from "../../cli/command.ts";

export const PEOPLE_COMMAND: Command = {
  name: "people",
  summary: "Everybody who may sign in, for the operator",
  commands: [
    {
      name: "list",
      summary: "List the people of all orgs",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./people.ts")).listPeople,
    },
    {
      name: "password-link",
      summary: "Make a link by which somebody sets a new password",
      parameters: ["EMAIL"],
      options: ENDPOINT_OPTIONS,
      notes: ["People change a password that they know at /password of the control API."],
      load: async () => (await import("./people.ts")).passwordLink,
    },
  ],
};
