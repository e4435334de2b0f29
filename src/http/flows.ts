import type { z } from "@hono/zod-openapi";
import { clientNameOf } from "../core/client-name.ts";
import { shownStatus } from "../core/credential.ts";
import { KeywardError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { Opener } from "../core/opener.ts";
import type { UserStore } from "../core/people-port.ts";
import type { Clock } from "../core/ports.ts";
import { createRateLimit } from "../core/rate-limit.ts";
import type { VirtualKeyStore } from "../core/virtual-key-port.ts";
import type { FlowView, Submissions } from "../core/submission.ts";
import { openerOf, requestOriginOf } from "./context.ts";
import { flowRoutes, type Flow } from "./contract/flow-routes.ts";
import { showFormat } from "./field-format.ts";
import type { Mount } from "./mount.ts";

/** An unreachable server takes no attempt away, so this is what bounds how often one link makes Keyward dial (P16). */
const MAX_SUBMITS_PER_MINUTE = 20;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_FLOWS = 10_000;

/** Enough to tell two sessions apart on a page, too little to be used anywhere. */
const SHOWN_SESSION_ID = 12;

interface FlowParts {
  readonly store: Pick<VirtualKeyStore, "findVirtualKey"> & Pick<UserStore, "findUser">;
  readonly submissions: Submissions;
  readonly clock: Clock;
}

export function mountFlows(mount: Mount, parts: FlowParts): void {
  const { store, submissions, clock } = parts;
  const limit = createRateLimit(clock, { windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_FLOWS });

  async function nameOf({ mode, id }: Identity): Promise<string | null> {
    switch (mode) {
      case "virtual_key":
        return (await store.findVirtualKey(id))?.name ?? null;
      case "user":
        return (await store.findUser(id))?.name ?? null;
      case "session":
        return null;
    }
  }

  mount(flowRoutes.get, async (c) => {
    const opener = openerOf(c);
    const view = await submissions.view(opener, requestOriginOf(c));
    return c.json(show(view, await nameOf(view.flow.identity), opener, clock.now()), 200);
  });

  mount(flowRoutes.submit, async (c) => {
    const opener = openerOf(c);
    if (!limit.take(opener.flowId, MAX_SUBMITS_PER_MINUTE)) {
      throw new KeywardError("rate_limited");
    }
    const from = { ...requestOriginOf(c), client: clientNameOf(c.req.header("user-agent")) };
    const stored = await submissions.submit(opener, c.req.valid("json").headers, from);
    const { credentialId, verification, version } = stored;
    return c.json({ credential_id: credentialId, status: "active" as const, verification, version }, 200);
  });

  mount(flowRoutes.status, async (c) => c.json({ state: await submissions.state(openerOf(c)) }, 200));
}

function show(view: FlowView, identityName: string | null, opener: Opener, now: number): z.output<typeof Flow> {
  const { flow, server, credential } = view;
  const onFile = new Set(view.onFile);
  const outdated = new Set(view.outdated);
  return {
    id: flow.id,
    state: flow.state,
    server: { name: server.name, url_origin: flow.origin },
    identity: { auth_mode: flow.identity.mode, id: shownId(flow.identity), name: identityName },
    requested_by: {
      client_name: flow.requestedBy.clientName,
      client_version: flow.requestedBy.clientVersion,
      address: flow.requestedBy.address,
    },
    requested_at: flow.createdAt,
    expires_at: flow.expiresAt,
    now,
    fields: server.headerSchema.map((field) => ({
      name: field.name,
      display_name: field.displayName,
      label: field.label,
      help: field.help,
      help_url: field.helpUrl,
      secret: field.isSecret,
      required: field.isRequired,
      ...showFormat(field),
      on_file: onFile.has(field.name),
      outdated: outdated.has(field.name),
    })),
    static_header_names: [...server.staticHeaderNames],
    credential:
      credential === null
        ? null
        : { status: shownStatus(credential), updated_at: credential.updatedAt, set_from: credential.setFrom },
    proof: opener.proof,
    attempts_left: view.attemptsLeft,
  };
}

function shownId({ mode, id }: Identity): string {
  return mode === "session" ? `${id.slice(0, SHOWN_SESSION_ID)}…` : id;
}
