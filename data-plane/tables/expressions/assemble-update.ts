/** Updates that are not written as an UpdateExpression: those of PartiQL. */
import { MentionList } from "./condition.ts";
import { buildPathTree } from "./path-tree.ts";
import { type SetValue, type Update, type UpdateAction, updateOf } from "./update.ts";

/**
 * The update that carries out these actions.
 * @throws TableValidation when two of them touch the same place
 */
export function assembleUpdate(actions: readonly UpdateAction[]): Update {
  const tree = buildPathTree(
    actions.map((action) => action.path),
    "UpdateExpression",
  );
  const mentions = new MentionList();
  for (const action of actions) {
    mentions.add(action.path);
    if (action.kind === "set") mention(action.value, mentions);
  }
  const { attributes, documents } = mentions;
  return updateOf(actions, tree, { attributes, documents }, "UpdateExpression");
}

function mention(value: SetValue, mentions: MentionList): void {
  switch (value.kind) {
    case "value":
      return;
    case "path":
      mentions.add(value.path);
      return;
    case "if-not-exists":
      mentions.add(value.path);
      mention(value.otherwise, mentions);
      return;
    case "list-append":
      mention(value.first, mentions);
      mention(value.second, mentions);
      return;
    case "add":
    case "subtract":
      mention(value.left, mentions);
      mention(value.right, mentions);
  }
}
