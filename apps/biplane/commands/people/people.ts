/** `biplane people` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";

interface Person {
  readonly personId: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: number;
}

export const listPeople: CommandBody = async (context) => {
  const { items } = await callApiJson<{ readonly items: readonly Person[] }>(findApi(context), { path: "/v1/people" });
  return printItems(context, items, [
    { title: "PERSON", cell: (person) => person.personId },
    { title: "E-MAIL", cell: (person) => printable(person.email) },
    { title: "NAME", cell: (person) => printable(person.name) },
    { title: "SINCE", cell: (person) => localTime(person.createdAt) },
  ]);
};

export const passwordLink: CommandBody = async (context) => {
  const email = context.arguments.positionals[0]!;
  const made = await changeByApi<{ readonly url: string; readonly expiresAt: number }>(
    findApi(context),
    "POST",
    "/v1/people/password-link",
    { email },
  );
  const lines = [
    `With this link ${printable(email)} sets a new password; give it to nobody else:`,
    made.url,
    `It is good once, until ${localTime(made.expiresAt)}.`,
  ];
  return printDone(context, { email, ...made }, lines.join("\n"));
};
