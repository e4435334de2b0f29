import type { ReactNode } from "react";
import type { Schemas } from "../../../../src/client/api-types.ts";
import { Badge } from "../../ui/badge.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Fact, Facts } from "../../ui/facts.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";

type Settings = Schemas["Settings"];

export function Configuration({ settings }: { readonly settings: Settings }) {
  return (
    <>
      <Warnings warnings={settings.warnings} />
      <Section title="This Keyward">
        <Facts>
          <Fact term="Address">
            <span className="flex items-start gap-1">
              <span className="min-w-0">{settings.public_url}</span>
              <span className="-my-1.5">
                <CopyButton text={settings.public_url} label="Copy the address" />
              </span>
            </span>
          </Fact>
          <Fact term="Version">{settings.version}</Fact>
          <Fact term="Database">{settings.database === "sqlite" ? "SQLite" : "PostgreSQL"}</Fact>
        </Facts>
      </Section>
      <Section title="Signing in" description="People sign in here and in their clients.">
        <Facts>
          <Fact term="Single sign-on">
            {settings.sso === null ? (
              <State isOn={false}>
                People sign in by password. Set KEYWARD_OIDC_ISSUER to let them sign in with your identity provider.
              </State>
            ) : (
              <State isOn>
                {settings.sso.label}, by {settings.sso.issuer}
              </State>
            )}
          </Fact>
          <Fact term="OAuth for MCP clients">
            <State isOn={settings.oauth.enabled}>
              {settings.oauth.enabled
                ? "Clients connect by the address alone, and people sign in in their browser."
                : `${settings.oauth.reason ?? "It is switched off."} Clients connect with a virtual key.`}
            </State>
          </Fact>
        </Facts>
      </Section>
      <Section title="Links and identities" description="Who may open the form for values, and who counts as a caller.">
        <Facts>
          <Fact term="Links that work for whoever holds them">
            <State isOn={settings.temp_token_links} isRisky>
              {settings.temp_token_links
                ? "Links of virtual keys and sessions carry a token. Whoever gets hold of one may enter values."
                : "Whoever opens a link proves that it is theirs."}
            </State>
          </Fact>
          <Fact term="Session identities">
            <State isOn={settings.session_identities} isRisky>
              {settings.session_identities
                ? "A client may name its own identity by the header Keyward-Session."
                : "Callers are people and virtual keys only."}
            </State>
          </Fact>
        </Facts>
      </Section>
      <Section title="Storage and network">
        <Facts>
          <Fact term="Orphaned values">{retentionText(settings.orphan_retention_days)}</Fact>
          <Fact term="Proxies that are believed">
            <Hosts hosts={settings.trusted_proxies} none="None: the address of the socket counts." />
          </Fact>
          <Fact term="Private addresses that may be dialled">
            <Hosts hosts={settings.allow_private_upstreams} none="None: only public addresses are." />
          </Fact>
        </Facts>
      </Section>
    </>
  );
}

function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) {
    return <Notice tone="good">No check is weakened by the configuration.</Notice>;
  }
  return (
    <Notice
      tone="warn"
      title={warnings.length === 1 ? "The configuration weakens a check" : "The configuration weakens checks"}
    >
      <ul className="grid list-disc gap-1 pl-4">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Notice>
  );
}

interface StateProps {
  readonly isOn: boolean;
  /** Being on is nothing to be proud of. */
  readonly isRisky?: boolean;
  readonly children: ReactNode;
}

function State({ isOn, isRisky = false, children }: StateProps) {
  return (
    <span className="flex items-start gap-3">
      <Badge tone={isOn ? (isRisky ? "warn" : "good") : "plain"}>{isOn ? "On" : "Off"}</Badge>
      <span className="min-w-0">{children}</span>
    </span>
  );
}

function Hosts({ hosts, none }: { readonly hosts: readonly string[]; readonly none: string }) {
  if (hosts.length === 0) return none;
  return (
    <span className="flex flex-wrap gap-1.5">
      {hosts.map((host) => (
        <code key={host} className="rounded bg-muted px-1.5 py-0.5 font-mono text-xs">
          {host}
        </code>
      ))}
    </span>
  );
}

function retentionText(days: number): string {
  if (days === 0) return "Kept for ever after access was lost.";
  return `Kept for ${days === 1 ? "1 day" : `${days} days`} after access was lost, then deleted.`;
}
