import type { Server } from "../../app/admin-shapes.ts";

type ProbeTool = Server["verification"]["probe_tool"];

/** A probe tool while it is chosen: its name, and its arguments as JSON text. */
export interface DraftProbe {
  readonly name: string;
  readonly json: string;
}

export function draftOfProbe(probe: ProbeTool): DraftProbe {
  return { name: probe?.name ?? "", json: probe === null ? "{}" : JSON.stringify(probe.arguments, null, 2) };
}

export function probeProblem({ name, json }: DraftProbe): string | undefined {
  if (name === "") return undefined;
  return parsed(json) === null ? "Enter a JSON object, such as {}." : undefined;
}

/** Only what `probeProblem` has nothing against. */
export function probeOf({ name, json }: DraftProbe): ProbeTool {
  return name === "" ? null : { name, arguments: parsed(json) ?? {} };
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
