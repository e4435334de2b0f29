import { X } from "lucide-react";
import type { MyServer, TestResult } from "../../app/api-shapes.ts";
import { IconButton } from "../../ui/button.tsx";
import { Notice, type Tone } from "../../ui/notice.tsx";

interface TestOutcomeProps {
  readonly server: MyServer;
  readonly result: TestResult;
  readonly onClose: () => void;
}

export function TestOutcome({ server, result, onClose }: TestOutcomeProps) {
  const [tone, text] = outcomeText(server.name, result);
  return (
    <div role="status" className="relative">
      <Notice tone={tone} className="pr-11">
        {text}
      </Notice>
      <IconButton
        size="sm"
        icon={X}
        label="Close the result"
        onClick={onClose}
        className="absolute top-1.5 right-1.5"
      />
    </div>
  );
}

function outcomeText(name: string, { outcome, verification }: TestResult): readonly [Tone, string] {
  switch (outcome) {
    case "accepted":
      return verification === "proven"
        ? ["good", `${name} accepts your values, and refuses a wrong one.`]
        : ["good", `${name} accepts your values. It may accept any: it did not refuse a wrong one.`];
    case "rejected":
      return ["warn", `${name} refuses your values. They are no longer sent. Enter new ones.`];
    case "unknown":
      return ["info", `${name} could not be asked. Your values stay as they are. Try again later.`];
  }
}
