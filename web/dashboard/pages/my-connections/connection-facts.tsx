import type { ReactNode } from "react";
import type { MyServer, Origin } from "../../app/api-shapes.ts";
import { RelativeTime } from "../../ui/relative-time.tsx";

/** When and from where the values were set, so that values that somebody else planted are noticed. */
export function ConnectionFacts({ server }: { readonly server: MyServer }) {
  const facts = factsOf(server);
  if (facts.length === 0) return null;
  return (
    <p className="mt-2 flex flex-wrap gap-x-1.5 text-sm text-soft">
      {facts.map(([key, fact], index) => (
        <span key={key}>
          {fact}
          {index === facts.length - 1 ? null : <span aria-hidden="true"> ·</span>}
        </span>
      ))}
    </p>
  );
}

function factsOf({
  connection,
  set_at: setAt,
  set_from: setFrom,
  last_used_at: usedAt,
  tools_count: tools,
}: MyServer): (readonly [key: string, fact: ReactNode])[] {
  const isStored = connection !== "missing" && connection !== "not_needed";
  return [
    ...(isStored && setAt !== null
      ? ([
          [
            "set",
            <>
              Set <RelativeTime at={setAt} />
              {originText(setFrom)}
            </>,
          ],
        ] as const)
      : []),
    ...(isStored
      ? ([
          [
            "used",
            usedAt === null ? (
              "Never used"
            ) : (
              <>
                Last used <RelativeTime at={usedAt} />
              </>
            ),
          ],
        ] as const)
      : []),
    ["tools", tools === 1 ? "1 tool" : `${tools} tools`],
  ];
}

/** " from Firefox on Linux, 203.0.113.9" */
function originText(origin: Origin | null): string {
  const parts = [origin?.client, origin?.address].filter((part) => part !== null && part !== undefined);
  return parts.length === 0 ? "" : ` from ${parts.join(", ")}`;
}
