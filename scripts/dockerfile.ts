/** One instruction of a Dockerfile, its continued lines joined. */
interface Instruction {
  /** `COPY` */
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  /** null when it has none. */
  readonly name: string | null;
  /** All after `FROM`. */
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, in their order. Heredocs and other escape characters are not understood. */
export function stagesOf(dockerfile: string): readonly Stage[] {
  const text = dockerfile
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "");
  const stages: { image: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [name = "", ...rest] = line.split(/\s+/);
    const argument = line.slice(name.length).trim();
    if (name === "FROM") {
      stages.push({ image: rest[0] ?? "", name: rest[1] === "AS" ? (rest[2] ?? null) : null, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ name, text: argument });
    }
  }
  return stages;
}

/** The arguments of each instruction of that name. */
export function argumentsOf({ instructions }: Stage, name: string): readonly string[] {
  return instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

/** What `ENV` sets. */
export function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  const pairs = argumentsOf(stage, "ENV").flatMap((text) => text.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]));
}

export interface Copied {
  /** The stage that it comes from; null = the build's context. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf(stage: Stage): readonly Copied[] {
  return argumentsOf(stage, "COPY").map((text) => {
    const words = text.split(/\s+/);
    const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length) ?? null;
    const paths = words.filter((word) => !word.startsWith("--"));
    return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? "" };
  });
}
