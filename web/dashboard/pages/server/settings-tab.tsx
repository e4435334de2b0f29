import type { Server } from "../../app/admin-shapes.ts";
import { AddressSection } from "./address-section.tsx";
import { LinkSection } from "./link-section.tsx";
import { StaticHeadersSection } from "./static-headers-section.tsx";
import { VerificationSection } from "./verification-section.tsx";

export function SettingsTab({ server }: { readonly server: Server }) {
  return (
    <div className="grid gap-8 [&>:first-child]:border-t-0 [&>:first-child]:pt-0">
      <AddressSection server={server} />
      {server.auth_type === "none" ? null : <StaticHeadersSection server={server} />}
      {server.auth_type === "per_user_headers" ? <LinkSection server={server} /> : null}
      <VerificationSection server={server} />
    </div>
  );
}
