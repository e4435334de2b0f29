import type { ReactNode } from "react";
import { ButtonLink } from "../../ui/button.tsx";

interface Step {
  readonly title: string;
  readonly text: string;
  readonly action: ReactNode;
}

const STEPS: readonly Step[] = [
  {
    title: "Add a server",
    text: "Enter its address and say which headers each person must supply. One verified sample shows its tools.",
    action: (
      <ButtonLink href="/servers/new" variant="primary">
        Add a server
      </ButtonLink>
    ),
  },
  {
    title: "Invite people",
    text: "Each person gets a link, chooses a password, and uses the servers that you grant them, each with their own key.",
    action: <ButtonLink href="/people">Invite people</ButtonLink>,
  },
  {
    title: "Connect a client",
    text: "Point any MCP client at Keyward's one address. The first call to a server asks for the key, once.",
    action: <ButtonLink href="/connect-a-client">Connect a client</ButtonLink>,
  },
];

/** For the administrator of a Keyward without a server that they may use. */
export function GettingStarted() {
  return (
    <section aria-labelledby="getting-started">
      <h2 id="getting-started" className="mb-3 text-base">
        Getting started
      </h2>
      <ol className="divide-y divide-line rounded-md border border-line bg-surface">
        {STEPS.map(({ title, text, action }, index) => (
          <li key={title} className="flex flex-wrap items-center gap-x-6 gap-y-3 p-4 sm:p-5">
            <div className="flex min-w-0 grow basis-72 gap-4">
              <span
                aria-hidden="true"
                className="grid size-7 shrink-0 place-items-center rounded-full bg-muted text-sm font-semibold text-soft"
              >
                {index + 1}
              </span>
              <div className="min-w-0">
                <h3 className="text-base leading-7">{title}</h3>
                <p className="max-w-xl text-soft">{text}</p>
              </div>
            </div>
            <div className="max-sm:ml-11">{action}</div>
          </li>
        ))}
      </ol>
    </section>
  );
}
