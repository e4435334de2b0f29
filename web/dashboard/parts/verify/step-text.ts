import type { VerifiedStep, VerifyStepName } from "../../app/admin-shapes.ts";

export const STEP_TEXT: Readonly<Record<VerifyStepName, string>> = {
  connect: "Connect",
  list_tools: "List the tools",
  probe_tool: "Call the probe tool",
  negative_control: "Try a wrong value",
};

type Shown = VerifiedStep["proves"] | "skipped";

const REFUSED = "The server refused the values here.";
const NOTHING = "No answer that means anything came here.";
const UNREACHED = "It did not come to that.";

/** What a step showed, in plain words; the same proof says something else in another place. */
export const PROOF_TEXT: Readonly<Record<VerifyStepName, Readonly<Partial<Record<Shown, string>>>>> = {
  connect: {
    speaks_mcp: "The address answers, and it speaks MCP.",
    values_refused: REFUSED,
    nothing: NOTHING,
    skipped: UNREACHED,
  },
  list_tools: {
    tools_known: "With these values, the server says which tools it has.",
    values_refused: REFUSED,
    nothing: NOTHING,
    skipped: UNREACHED,
  },
  probe_tool: {
    tool_works: "The tool works with these values.",
    values_refused: "The tool does not work with these values.",
    nothing: NOTHING,
    skipped: "No probe tool is chosen.",
  },
  negative_control: {
    wrong_values_refused: "A wrong value is refused. So the right one made the difference.",
    any_value_passes: "A wrong value is taken as well. So that the values are right is not proven.",
    nothing: "The server did not answer to the wrong value. So that the values are right is not proven.",
    skipped: "There was no secret to try wrongly, or it is switched off.",
  },
};

const PROVES: Readonly<Record<string, VerifiedStep["proves"]>> = {
  "connect:ok": "speaks_mcp",
  "list_tools:ok": "tools_known",
  "probe_tool:ok": "tool_works",
};

/** The steps that an error names, such as `list_tools:refused`. */
export function stepsOfWords(words: unknown): readonly VerifiedStep[] {
  if (!Array.isArray(words)) return [];
  return words.flatMap((word: unknown) => {
    const [step = "", outcome = ""] = String(word).split(":");
    if (!(step in STEP_TEXT)) return [];
    return [
      {
        step: step as VerifyStepName,
        outcome: outcome as VerifiedStep["outcome"],
        proves: PROVES[`${step}:${outcome}`] ?? (outcome === "refused" ? "values_refused" : "nothing"),
      },
    ];
  });
}
