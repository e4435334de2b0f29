import type { Server } from "../../app/admin-shapes.ts";
import { clean } from "../../../connect/dom.ts";
import { Field } from "../../ui/field.tsx";
import { Select, TextArea } from "../../ui/input.tsx";
import { probeProblem, type DraftProbe } from "./probe-tool.ts";

interface ProbeInputsProps {
  readonly server: Pick<Server, "discovered">;
  readonly probe: DraftProbe;
  readonly onChange: (probe: DraftProbe) => void;
  readonly isJudged: boolean;
}

/** Which tool is called to tell good values from bad ones, and with what. */
export function ProbeInputs({ server, probe, onChange, isJudged }: ProbeInputsProps) {
  const names = new Set([...(server.discovered?.tools.map(({ name }) => name) ?? []), probe.name]);
  names.delete("");
  return (
    <>
      <Field
        label="Probe tool"
        isOptional
        hint="A harmless tool that works with a valid key only, such as one that says whose key it is. It is called with each verification."
      >
        {(control) => (
          <Select
            {...control}
            value={probe.name}
            onChange={(event) => onChange({ ...probe, name: event.target.value })}
          >
            <option value="">None</option>
            {[...names].map((name) => (
              <option key={name} value={name}>
                {clean(name, 128)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {probe.name === "" ? null : (
        <Field label="Arguments" error={isJudged ? probeProblem(probe) : undefined} hint="A JSON object.">
          {(control) => (
            <TextArea
              {...control}
              rows={3}
              value={probe.json}
              onChange={(event) => onChange({ ...probe, json: event.target.value })}
              spellCheck={false}
              className="font-mono"
            />
          )}
        </Field>
      )}
    </>
  );
}
