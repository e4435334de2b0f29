import type { ReactNode } from "react";
import type { AuditEvent } from "../../app/admin-api.ts";
import { identityText } from "../../parts/connections/connection-text.ts";
import { ForeignText } from "../../ui/foreign-text.tsx";
import { changesText, reasonText } from "./action-text.ts";
import type { Names } from "./use-names.ts";

interface EventSentenceProps {
  readonly event: AuditEvent;
  readonly names: Names;
}

/** What happened, as a sentence: "Ada revoked their connection to notes". */
export function EventSentence({ event, names }: EventSentenceProps) {
  return <>{sentenceOf(event, names)}</>;
}

function sentenceOf(event: AuditEvent, names: Names): ReactNode {
  const { action, detail } = event;
  const who = <Name text={actorText(event, names)} />;
  const whom = <Name text={identityNameOf(event, names)} />;
  const server = <Name text={serverText(event, names)} />;
  const named = <Name text={detail?.name ?? "without a name"} />;
  const isOwn = isBySelf(event);
  const group = <Name text={detail?.name ?? names(detail?.group ?? "") ?? "that is gone"} />;
  switch (action) {
    case "credential.stored":
      return isOwn ? (
        <>
          {who} stored values for {server}
        </>
      ) : (
        <>
          {who} stored values of {whom} for {server}
        </>
      );
    case "credential.edited":
      return isOwn ? (
        <>
          {who} changed their values for {server}
        </>
      ) : (
        <>
          {who} changed the values of {whom} for {server}
        </>
      );
    case "credential.verified":
      return (
        <>
          {server} accepted the values of {whom}
          {strengthText(event)}
        </>
      );
    case "credential.used":
      return (
        <>
          Values of {whom} were sent to {server}
        </>
      );
    case "credential.rejected":
      return (
        <>
          {server} rejected the stored values of {whom}
          {becauseOf(event)}
        </>
      );
    case "credential.revoked":
      return isOwn ? (
        <>
          {who} revoked their connection to {server}
        </>
      ) : (
        <>
          {who} revoked the connection of {whom} to {server}
        </>
      );
    case "credential.swept":
      return (
        <>
          {who} deleted the values of {whom} for {server}: access had not returned
        </>
      );
    case "flow.requested":
      return isOwn ? (
        <>
          {who} asked for a link to {server}
        </>
      ) : (
        <>
          {who} asked for a link of {whom} to {server}
        </>
      );
    case "flow.opened":
      return isOwn ? (
        <>
          {who} opened their link to {server}
        </>
      ) : (
        <>
          {who} opened the link of {whom} to {server}
        </>
      );
    case "flow.opener_mismatch":
      return (
        <>
          {who} tried to open the link of {whom} to {server}
        </>
      );
    case "flow.verification_refused":
      return (
        <>
          {server} refused the values that {whom} entered{becauseOf(event)}
        </>
      );
    case "flow.verification_failed":
      return (
        <>
          The values that {whom} entered could not be verified with {server}
          {becauseOf(event)}
        </>
      );
    case "server.created":
      return (
        <>
          {who} added the server {server}
        </>
      );
    case "server.updated":
      return (
        <>
          {who} changed {server}
          {changedText(event)}
        </>
      );
    case "server.verified":
      return (
        <>
          {who} verified {server}
        </>
      );
    case "server.deleted":
      return (
        <>
          {who} deleted the server {server}
        </>
      );
    case "server.tools_changed":
      return (
        <>
          The tools of {server} have changed{toolsText(event)}
        </>
      );
    case "grants.replaced":
      return (
        <>
          {who} changed who may use {server}
        </>
      );
    case "virtual_key.created":
      return (
        <>
          {who} created the virtual key {whom}
        </>
      );
    case "virtual_key.updated":
      return (
        <>
          {who} changed the virtual key {whom}
          {changedText(event)}
        </>
      );
    case "virtual_key.rotated":
      return (
        <>
          {who} rotated the virtual key {whom}
        </>
      );
    case "virtual_key.revoked":
      return detail?.reason === "owner_deleted" ? (
        <>The virtual key {whom} went with its owner</>
      ) : (
        <>
          {who} revoked the virtual key {whom}
        </>
      );
    case "user.invited":
      return (
        <>
          {who} invited {whom}
        </>
      );
    case "user.joined":
      return <>{whom} accepted the invitation</>;
    case "user.updated":
      if (detail?.changed?.includes("member_added"))
        return (
          <>
            {who} added {whom} to the group {group}
          </>
        );
      if (detail?.changed?.includes("member_removed"))
        return (
          <>
            {who} removed {whom} from the group {group}
          </>
        );
      return isOwn ? (
        <>
          {who} changed their account{changedText(event)}
        </>
      ) : (
        <>
          {who} changed {whom}
          {changedText(event)}
        </>
      );
    case "user.deleted":
      return (
        <>
          {who} deleted {whom}
        </>
      );
    case "group.created":
      return (
        <>
          {who} created the group {group}
        </>
      );
    case "group.updated":
      return (
        <>
          {who} changed the group {group}
          {changedText(event)}
        </>
      );
    case "group.deleted":
      return (
        <>
          {who} deleted the group {group}
        </>
      );
    case "sign_in.succeeded":
      return <>{event.identity === null ? who : whom} signed in</>;
    case "sign_in.failed":
      return event.identity === null ? <>Somebody failed to sign in</> : <>Somebody failed to sign in as {whom}</>;
    case "sign_in.ended":
      return event.identity === null || isOwn ? (
        <>{who} signed out</>
      ) : (
        <>
          {who} signed {whom} out
        </>
      );
    case "app.authorized":
      return (
        <>
          {who} allowed the app {named} to act for them
        </>
      );
    case "app.revoked":
      return (
        <>
          {who} revoked the app {named}
        </>
      );
    case "admin_token.created":
      return (
        <>
          {who} created the admin token {named}
        </>
      );
    case "admin_token.revoked":
      return (
        <>
          {who} revoked the admin token {named}
        </>
      );
    case "setup.completed":
      return <>{who} set Keyward up</>;
    case "vault.rotated":
      return <>New values are sealed under the data key {named}</>;
    case "vault.retired":
      return <>The data key {named} was retired</>;
    case "vault.staged":
      return <>The encryption key {named} was staged</>;
    case "vault.promoted":
      return <>The encryption key {named} is the only one now</>;
    case "vault.unstaged":
      return <>The encryption key {named} was unstaged</>;
  }
}

function Name({ text }: { readonly text: string }) {
  return (
    <span className="font-medium">
      <ForeignText text={text} />
    </span>
  );
}

/** Who did it. Administrators have the id of a user or of an admin token. */
export function actorText({ actor }: AuditEvent, names: Names): string {
  const { kind, auth_mode: mode, id } = actor;
  switch (kind) {
    case "system":
      return "Keyward";
    case "link":
      return "Whoever held the link";
    case "admin":
      return id === "configured" ? "KEYWARD_ADMIN_TOKEN" : (names(id ?? "") ?? id ?? "An administrator");
    case "identity":
      return mode === null || id === null ? "Somebody" : identityText({ auth_mode: mode, id, name: names(id) });
  }
}

/** Whom it is about. What has been deleted is known by the name that was noted then, or by its id. */
export function identityNameOf({ identity, detail }: AuditEvent, names: Names): string {
  if (identity === null) return detail?.name ?? "somebody";
  return identityText({ ...identity, name: names(identity.id) ?? detail?.name ?? null });
}

export function serverText({ server_id: id, detail }: AuditEvent, names: Names): string {
  if (id === null) return "a server";
  return names(id) ?? detail?.name ?? id;
}

function isBySelf({ actor, identity }: AuditEvent): boolean {
  return identity !== null && actor.id === identity.id;
}

function strengthText({ detail }: AuditEvent): string {
  switch (detail?.verification) {
    case "proven":
      return ", and refuses wrong ones";
    case "accepted":
      return ", but would perhaps take any";
    case undefined:
    default:
      return "";
  }
}

function becauseOf({ detail }: AuditEvent): string {
  return detail?.reason === undefined ? "" : `, ${reasonText(detail.reason)}`;
}

function changedText({ detail }: AuditEvent): string {
  const changed = detail?.changed ?? [];
  return changed.length === 0 ? "" : `: ${changesText(changed)}`;
}

const SHOWN_TOOLS = 3;

function toolsText({ detail }: AuditEvent): ReactNode {
  const tools = detail?.changed ?? [];
  if (tools.length === 0) return null;
  const shown = tools.slice(0, SHOWN_TOOLS).join(", ");
  const more = tools.length - SHOWN_TOOLS;
  return (
    <>
      : <ForeignText text={shown} max={200} />
      {more > 0 ? ` and ${more} more` : ""}
    </>
  );
}
