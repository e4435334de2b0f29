import { useState } from "react";
import { CAN_SIGN_IN_CLIENTS, PUBLIC_URL } from "../../app/public-url.ts";
import { useMe } from "../../app/session.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Field } from "../../ui/field.tsx";
import { Select } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { ClientInstructions } from "./client-instructions.tsx";
import { CLIENTS } from "./clients.ts";
import { endpointOf, KEY_PLACEHOLDER, type Target } from "./target.ts";

export function ConnectAClientPage() {
  const me = useMe();
  const [server, setServer] = useState("");
  const [proof, setProof] = useState<Target["proof"]>(CAN_SIGN_IN_CLIENTS ? "browser" : "key");
  const [client, setClient] = useState("claude-code");
  const url = endpointOf(PUBLIC_URL, server === "" ? null : server);
  const target: Target = { name: server === "" ? "keyward" : server, url, proof };

  return (
    <>
      <PageHeader
        title="Connect a client"
        description="Give your MCP client one address. The first call to a server asks for your key, once."
      />
      <div className="grid max-w-3xl gap-6">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Servers" hint={server === "" ? "One entry for everything that you may use." : undefined}>
            {(control) => (
              <Select {...control} value={server} onChange={(event) => setServer(event.target.value)}>
                <option value="">All my servers</option>
                {me.data?.servers.map(({ id, name }) => (
                  <option key={id} value={name}>
                    Only {name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <div className="grid content-start gap-1.5">
            <span aria-hidden="true" className="font-medium">
              How the client signs in
            </span>
            <div>
              <SegmentedControl
                label="How the client signs in"
                value={proof}
                onChange={setProof}
                options={[
                  ["browser", "In the browser"],
                  ["key", "Virtual key"],
                ]}
              />
            </div>
          </div>
        </div>
        <CodeBlock caption="Address" text={url} copyLabel="Copy the address" />
        <ProofNotice proof={proof} />
        <Tabs
          label="Clients"
          look="pills"
          value={client}
          onChange={setClient}
          tabs={CLIENTS.map(({ id, label, instructions }) => ({
            value: id,
            label,
            content: <ClientInstructions instructions={instructions(target)} />,
          }))}
        />
      </div>
    </>
  );
}

function ProofNotice({ proof }: { readonly proof: Target["proof"] }) {
  if (proof === "browser" && !CAN_SIGN_IN_CLIENTS) {
    return (
      <Notice tone="warn">
        Clients sign in through the browser only where Keyward is reached by https. Use a virtual key here.
      </Notice>
    );
  }
  if (proof === "browser") return null;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <p className="text-soft">
        Put your key in the place of <code className="font-mono text-sm text-ink">{KEY_PLACEHOLDER}</code>.
      </p>
      <ButtonLink href="/keys" size="sm">
        Create a virtual key
      </ButtonLink>
    </div>
  );
}
