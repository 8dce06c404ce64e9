/** Completion scripts for shells, made from the table of commands. Pure. */
import type { Command } from "./command.ts";
import { optionsOf } from "./parse.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** One place in the tree: the words that lead there, and what may follow. */
interface Place {
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly string[];
  readonly takesFiles: boolean;
}

export function completionScript(shell: Shell, root: Command): string {
  const places = placesOf(root, []);
  switch (shell) {
    case "bash":
      return bashScript(places);
    case "zsh":
      return zshScript(places);
    case "fish":
      return fishScript(root);
  }
}

function placesOf(command: Command, path: readonly string[]): readonly Place[] {
  const own: Place = {
    path: path.join(" "),
    commands: command.commands ?? [],
    options: optionsOf(command).map((option) => `--${option.name}`),
    takesFiles: (command.parameters ?? []).some((parameter) => /SOURCE|DESTINATION|FILE|DOCUMENT/.test(parameter)),
  };
  return [own, ...(command.commands ?? []).flatMap((one) => placesOf(one, [...path, one.name]))];
}

/** Bash and zsh share the walk: words that name commands are followed down the tree, and the place reached says what may come. */
function bashScript(places: readonly Place[]): string {
  return `# bash completion of biplane. Load it with:  source <(biplane completion bash)
_biplane() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place="" word commands="" options="" index files=""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "\${place:+$place }$word" in
${places
  .filter((place) => place.path !== "")
  .map((place) => `      ${quoted(place.path)}) place=${quoted(place.path)} ;;`)
  .join("\n")}
    esac
  done
  case "$place" in
${places
  .map((place) => {
    const commands = place.commands.map((one) => one.name).join(" ");
    const files = place.takesFiles ? " files=1" : "";
    return `    ${quoted(place.path)}) commands=${quoted(commands)} options=${quoted(place.options.join(" "))}${files} ;;`;
  })
  .join("\n")}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
    if [[ -n "$files" ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
  fi
}
complete -o bashdefault -F _biplane biplane
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef biplane
# zsh completion of biplane. Load it with:  source <(biplane completion zsh)
_biplane() {
  local place="" word index
  local -a commands options
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    case "\${place:+$place }$word" in
${places
  .filter((place) => place.path !== "")
  .map((place) => `      ${quoted(place.path)}) place=${quoted(place.path)} ;;`)
  .join("\n")}
    esac
  done
  case "$place" in
${places
  .map(
    (place) =>
      `    ${quoted(place.path)})
      commands=(${place.commands.map((one) => quoted(`${one.name}:${one.summary}`)).join(" ")})
      options=(${place.options.join(" ")})${place.takesFiles ? "\n      _files" : ""} ;;`,
  )
  .join("\n")}
  esac
  (( \${#commands} )) && _describe command commands
  compadd -- $options
}
compdef _biplane biplane
`;
}

function fishScript(root: Command): string {
  const lines = [
    "# fish completion of biplane. Load it with:  biplane completion fish | source",
    "complete -c biplane -f",
  ];
  const walk = (command: Command, path: readonly string[]): void => {
    const names = (command.commands ?? []).map((one) => one.name).join(" ");
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    const here = [seen, names === "" ? "" : `not __fish_seen_subcommand_from ${names}`]
      .filter((text) => text !== "")
      .join("; and ");
    const condition = here === "" ? "" : ` -n ${quoted(here)}`;
    for (const one of command.commands ?? []) {
      lines.push(`complete -c biplane${condition} -a ${quoted(one.name)} -d ${quoted(one.summary)}`);
    }
    for (const option of command.commands === undefined || path.length === 0 ? optionsOf(command) : []) {
      const value = option.value === undefined ? "" : " -r";
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      lines.push(
        `complete -c biplane${path.length === 0 ? "" : condition} -l ${option.name}${short}${value} -d ${quoted(option.help)}`,
      );
    }
    if ((command.parameters ?? []).some((parameter) => /SOURCE|DESTINATION|FILE|DOCUMENT/.test(parameter))) {
      lines.push(`complete -c biplane${condition} -F`);
    }
    for (const one of command.commands ?? []) walk(one, [...path, one.name]);
  };
  walk(root, []);
  return `${lines.join("\n")}\n`;
}

/** In single quotes, as all three shells take it (texts of the table hold no single quotes; should one come, it is closed, escaped and opened again). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
