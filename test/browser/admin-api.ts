import { breachOfAnswer, breachOfRequest } from "./contract-check.ts";
import type { StubCredential, StubEvent, StubGrant, StubServer, StubUser, World } from "./admin-world.ts";
import { NOW } from "./admin-world.ts";
import { type ApiAnswer, type ApiRequest, ok, refused } from "./stub-dashboard.ts";

/* The administrator's part of the API, as the gateway answers it: the same pages, filters, errors and previews. */

export interface AdminApi {
  readonly answer: (request: ApiRequest) => ApiAnswer;
  /** Where a page asked what the gateway would refuse, or the stub answered what the gateway never does. */
  readonly breaches: readonly string[];
}

type Handler = (request: ApiRequest, id: string) => ApiAnswer;

export function answerAsGateway(world: World): AdminApi {
  const breaches: string[] = [];
  const handlers = Object.entries({
    ...serverHandlers(world),
    ...peopleHandlers(world),
    ...credentialHandlers(world),
    ...otherHandlers(world),
  }).map(([call, handler]) => ({ pattern: new RegExp(`^${call.replace("{id}", "([^/]+)")}$`), handler }));

  return {
    breaches,
    answer(request) {
      const breach = breachOfRequest(request);
      if (breach !== null) {
        breaches.push(breach);
        return refused(400, "invalid_request", "The request does not have the documented shape.");
      }
      for (const { pattern, handler } of handlers) {
        const found = pattern.exec(request.call);
        if (found === null) continue;
        const answer = handler(request, decodeURIComponent(found[1] ?? ""));
        const wrong = breachOfAnswer(request, answer);
        if (wrong !== null) breaches.push(wrong);
        return answer;
      }
      return refused(404, "not_found", "There is nothing here.");
    },
  };
}

/** A page of what is sorted already. `keyOf` is unique and sorts as the list does; a cursor is the key of the last. */
function page<T>(
  all: readonly T[],
  request: ApiRequest,
  keyOf: (item: T) => string,
  show: (item: T) => object,
): ApiAnswer {
  const limit = Number(request.query.get("limit") ?? 50);
  const cursor = request.query.get("cursor");
  const start = cursor === null ? 0 : after(all, keyOf, cursor);
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  const hasMore = start + limit < all.length && last !== undefined;
  return ok({ items: items.map(show), next_cursor: hasMore ? keyOf(last) : null });
}

/** The index behind the key, found by halves: a list of 100,000 is asked for often. */
function after<T>(all: readonly T[], keyOf: (item: T) => string, cursor: string): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(all[middle]!) <= cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}

const has = (text: string, part: string | null): boolean =>
  part === null || text.toLowerCase().includes(part.toLowerCase());

const is = (value: string, wanted: string | null): boolean => wanted === null || value === wanted;

interface Counts {
  orphaned: number;
  reactivated: number;
  needs_update: number;
  people: number;
}

/** Makes the change, counts whom it reaches, and with `dry_run` takes it back. */
function reconcile(world: World, request: ApiRequest, change: () => void): Counts {
  const before = structuredClone(world);
  change();
  for (const credential of world.credentials) settle(world, credential);
  const old = new Map(before.credentials.map((credential) => [credential.id, credential]));
  const touched = new Set<string>();
  const counts = { orphaned: 0, reactivated: 0, needs_update: 0, people: 0 };
  const count = (key: Exclude<keyof Counts, "people">, credential: StubCredential): void => {
    counts[key] += 1;
    touched.add(`${credential.identity.auth_mode} ${credential.identity.id}`);
  };
  for (const credential of world.credentials) {
    const earlier = old.get(credential.id)!;
    old.delete(credential.id);
    if (earlier.orphaned_at === null && credential.orphaned_at !== null) count("orphaned", credential);
    if (earlier.orphaned_at !== null && credential.orphaned_at === null) count("reactivated", credential);
    if (earlier.status !== "needs_update" && credential.status === "needs_update") count("needs_update", credential);
  }
  for (const { identity } of old.values()) touched.add(`${identity.auth_mode} ${identity.id}`);
  if (request.query.get("dry_run") === "true") Object.assign(world, before);
  return { ...counts, people: touched.size };
}

function settle(world: World, credential: StubCredential): void {
  const mayUse = hasAccess(world, credential);
  if (!mayUse && credential.orphaned_at === null) Object.assign(credential, { orphaned_at: NOW, status: "orphaned" });
  if (mayUse && credential.orphaned_at !== null) Object.assign(credential, { orphaned_at: null, status: "active" });
}

function hasAccess(world: World, { server, identity }: StubCredential): boolean {
  const found = world.servers.find(({ id }) => id === server.id);
  if (found === undefined || found.status !== "ready") return false;
  const user = world.users.find(({ id }) => id === identity.id);
  if (identity.auth_mode === "user" && user?.enabled !== true) return false;
  const reaches = (grant: StubGrant): boolean =>
    "group" in grant
      ? identity.auth_mode === "user" && groupOf(world, grant.group).members.includes(identity.id)
      : grant.auth_mode === identity.auth_mode && grant.identity === identity.id;
  return found.allow_all_identities || (world.grants[found.id] ?? []).some(reaches);
}

function groupOf(world: World, id: string) {
  return world.groups.find((group) => group.id === id) ?? { id, name: id, created_at: 0, members: [] };
}

/** The answer of a route that can be tried. */
function tried(request: ApiRequest, counts: Counts, made: () => object | undefined): ApiAnswer {
  if (request.query.get("dry_run") === "true") return ok({ preview: counts });
  const body = made();
  const { orphaned, reactivated, needs_update } = counts;
  return body === undefined ? ok(undefined, 204) : ok({ ...body, orphaned, reactivated, needs_update });
}

const STEPS = [
  { step: "connect", outcome: "ok", proves: "speaks_mcp" },
  { step: "list_tools", outcome: "ok", proves: "tools_known" },
  { step: "probe_tool", outcome: "skipped", proves: "nothing" },
  { step: "negative_control", outcome: "ok", proves: "wrong_values_refused" },
] as const;

const NOT_FOUND = refused(404, "server_not_found", "There is no such server.");

function serverHandlers(world: World): Record<string, Handler> {
  const find = (id: string) => world.servers.find((server) => server.id === id);
  const named = (grant: StubGrant) => ({
    ...grant,
    name:
      "group" in grant
        ? groupOf(world, grant.group).name
        : ([...world.users, ...world.keys].find(({ id }) => id === grant.identity)?.name ?? null),
  });
  return {
    "GET /api/v1/servers": (request) =>
      page(
        world.servers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        request,
        ({ name }) => name,
        (server) => server,
      ),
    "POST /api/v1/servers": ({ body }) => {
      const input = body as Partial<StubServer> & { name: string; url: string; sample_headers?: object };
      if (world.servers.some(({ name }) => name === input.name))
        return refused(409, "name_taken", "That name is in use.");
      const { sample_headers: sample, ...declared } = input;
      const isVerified = declared.auth_type !== "per_user_headers" || sample !== undefined;
      const template = world.servers[0]!;
      const server: StubServer = {
        ...template,
        ...declared,
        id: "srv_new",
        url_origin: new URL(input.url).origin,
        header_schema: (declared.header_schema ?? []).map((field) => ({ ...field })),
        static_header_names: Object.keys((body as { static_headers?: object }).static_headers ?? {}).map((name) =>
          name.toLowerCase(),
        ),
        allow_all_identities: declared.allow_all_identities ?? false,
        tools: null,
        status: isVerified ? "ready" : "pending_verification",
        discovered: isVerified ? template.discovered : null,
        version: 1,
      };
      Reflect.deleteProperty(server, "static_headers");
      world.servers.push(server);
      return ok({ ...server, verified: isVerified ? "proven" : null, steps: isVerified ? STEPS : [] }, 201);
    },
    "GET /api/v1/servers/{id}": (_request, id) => {
      const server = find(id);
      return server === undefined ? NOT_FOUND : ok(server);
    },
    "PATCH /api/v1/servers/{id}": (request, id) => {
      if (find(id) === undefined) return NOT_FOUND;
      const {
        enabled,
        static_headers: statics,
        ...patch
      } = request.body as Partial<StubServer> & {
        enabled?: boolean;
        static_headers?: object;
      };
      const counts = reconcile(world, request, () => {
        const server = find(id)!;
        const known = new Set(server.header_schema.map(({ name }) => name));
        const isAsked = patch.header_schema?.some(({ name, required }) => required && !known.has(name)) ?? false;
        const isMoved = patch.url !== undefined && new URL(patch.url).origin !== server.url_origin;
        Object.assign(server, patch, { version: server.version + 1 });
        if (isMoved) server.url_origin = new URL(server.url).origin;
        if (statics !== undefined) server.static_header_names = Object.keys(statics);
        if (enabled !== undefined) server.status = enabled ? "ready" : "disabled";
        for (const credential of world.credentials) {
          if (credential.server.id === id && (isAsked || isMoved) && credential.status === "active") {
            credential.status = "needs_update";
          }
        }
      });
      return tried(request, counts, () => find(id)!);
    },
    "DELETE /api/v1/servers/{id}": (request, id) => {
      if (find(id) === undefined) return NOT_FOUND;
      const counts = reconcile(world, request, () => {
        world.servers = world.servers.filter((server) => server.id !== id);
        world.credentials = world.credentials.filter(({ server }) => server.id !== id);
      });
      return tried(request, counts, () => undefined);
    },
    "POST /api/v1/servers/{id}/verify": (_request, id) => {
      const server = find(id);
      if (server === undefined) return NOT_FOUND;
      if (server.status === "pending_verification") server.status = "ready";
      server.discovered ??= world.servers[0]!.discovered;
      return ok({ ...server, verified: "proven", steps: STEPS });
    },
    "GET /api/v1/servers/{id}/grants": (_request, id) =>
      find(id) === undefined ? NOT_FOUND : ok({ grants: (world.grants[id] ?? []).map(named) }),
    "PUT /api/v1/servers/{id}/grants": (request, id) => {
      const { grants } = request.body as { grants: StubGrant[] };
      const counts = reconcile(world, request, () => {
        world.grants[id] = grants.map((grant) => ({ ...grant, tools: grant.tools ?? null }));
      });
      return tried(request, counts, () => ({ grants: (world.grants[id] ?? []).map(named) }));
    },
  };
}

const NO_USER = refused(404, "user_not_found", "There is no such user.");
const NO_GROUP = refused(404, "group_not_found", "There is no such group.");
const INVITATION = {
  invite_url: `https://keyward.example.com/invite#t=kwi_${"i".repeat(43)}`,
  invite_expires_at: NOW + 7 * 86_400_000,
};

function peopleHandlers(world: World): Record<string, Handler> {
  const user = (id: string) => world.users.find((each) => each.id === id);
  const group = (id: string) => world.groups.find((each) => each.id === id);
  const shown = ({ members, ...rest }: World["groups"][number]) => ({ ...rest, members_count: members.length });
  const keyOf = ({ name, id }: { name: string; id: string }): string => `${name.toLowerCase()} ${id}`;
  const byName = <T extends { name: string; id: string }>(all: readonly T[]): T[] =>
    all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const isLastAdmin = (id: string): boolean =>
    !world.users.some((each) => each.id !== id && each.role === "admin" && each.enabled);
  const lastAdmin = refused(409, "last_admin", "Somebody has to remain who may administer Keyward.");
  const listed = (request: ApiRequest, all: readonly StubUser[]): ApiAnswer =>
    page(byName(all), request, keyOf, (each) => each);
  return {
    "GET /api/v1/users": (request) => {
      const { query } = request;
      const members = query.has("group") ? group(query.get("group")!)?.members : undefined;
      return listed(
        request,
        world.users.filter(
          (each) =>
            has(`${each.name} ${each.email}`, query.get("q")) &&
            is(each.role, query.get("role")) &&
            is(String(each.enabled), query.get("enabled")) &&
            (members?.includes(each.id) ?? true),
        ),
      );
    },
    "POST /api/v1/users": ({ body }) => {
      const input = body as { name: string; email: string; role?: "admin" | "user"; group_ids?: string[] };
      if (world.users.some(({ email }) => email === input.email)) {
        return refused(409, "email_taken", "That e-mail address is in use.");
      }
      const added: StubUser = {
        id: "usr_new",
        name: input.name,
        email: input.email,
        role: input.role ?? "user",
        enabled: true,
        invited: true,
        created_at: NOW,
        updated_at: NOW,
      };
      world.users.push(added);
      for (const id of input.group_ids ?? []) group(id)?.members.push(added.id);
      return ok({ user: added, ...INVITATION }, 201);
    },
    "GET /api/v1/users/{id}": (_request, id) => {
      const found = user(id);
      const groups = world.groups
        .filter(({ members }) => members.includes(id))
        .map((each) => ({ id: each.id, name: each.name }));
      return found === undefined ? NO_USER : ok({ ...found, groups });
    },
    "PATCH /api/v1/users/{id}": (request, id) => {
      const patch = request.body as Partial<StubUser>;
      if (user(id) === undefined) return NO_USER;
      if ((patch.role === "user" || patch.enabled === false) && isLastAdmin(id)) return lastAdmin;
      const counts = reconcile(world, request, () => Object.assign(user(id)!, patch));
      return tried(request, counts, () => user(id));
    },
    "DELETE /api/v1/users/{id}": (request, id) => {
      if (user(id) === undefined) return NO_USER;
      if (isLastAdmin(id)) return lastAdmin;
      const counts = reconcile(world, request, () => {
        world.users = world.users.filter((each) => each.id !== id);
        world.credentials = world.credentials.filter(({ identity }) => identity.id !== id);
      });
      return tried(request, counts, () => undefined);
    },
    "POST /api/v1/users/{id}/invite": (_request, id) => (user(id) === undefined ? NO_USER : ok(INVITATION, 201)),
    "DELETE /api/v1/users/{id}/sessions": (_request, id) => (user(id) === undefined ? NO_USER : ok(undefined, 204)),
    "GET /api/v1/groups": (request) => page(byName(world.groups), request, keyOf, shown),
    "POST /api/v1/groups": ({ body }) => {
      const { name } = body as { name: string };
      if (world.groups.some((each) => each.name.toLowerCase() === name.toLowerCase())) {
        return refused(409, "name_taken", "That name is in use.");
      }
      const added = { id: "grp_added", name, created_at: NOW, members: [] };
      world.groups.push(added);
      return ok(shown(added), 201);
    },
    "GET /api/v1/groups/{id}": (_request, id) => {
      const found = group(id);
      return found === undefined ? NO_GROUP : ok(shown(found));
    },
    "PATCH /api/v1/groups/{id}": ({ body }, id) => {
      const found = group(id);
      if (found === undefined) return NO_GROUP;
      found.name = (body as { name: string }).name;
      return ok(shown(found));
    },
    "DELETE /api/v1/groups/{id}": (request, id) => {
      if (group(id) === undefined) return NO_GROUP;
      const counts = reconcile(world, request, () => {
        world.groups = world.groups.filter((each) => each.id !== id);
      });
      return tried(request, counts, () => undefined);
    },
    "GET /api/v1/groups/{id}/members": (request, id) => {
      const members = group(id)?.members ?? [];
      return listed(
        request,
        world.users.filter((each) => members.includes(each.id)),
      );
    },
    "PATCH /api/v1/groups/{id}/members": (request, id) => {
      if (group(id) === undefined) return NO_GROUP;
      const { add = [], remove = [] } = request.body as { add?: string[]; remove?: string[] };
      const counts = reconcile(world, request, () => {
        const found = group(id)!;
        found.members = [...new Set([...found.members, ...add])].filter((each) => !remove.includes(each));
      });
      return tried(request, counts, () => shown(group(id)!));
    },
  };
}

const NO_CREDENTIAL = refused(404, "credential_not_found", "There is no such credential.");

function credentialHandlers(world: World): Record<string, Handler> {
  // Newest first: the later, the smaller the key.
  const keyOf = ({ created_at: at, id }: StubCredential): string => `${String(1e15 - at).padStart(16, "0")} ${id}`;
  return {
    "GET /api/v1/credentials": (request) => {
      const { query } = request;
      const matching = world.credentials.filter(
        ({ server, status, identity }) =>
          is(server.id, query.get("server")) &&
          is(status, query.get("status")) &&
          is(identity.auth_mode, query.get("auth_mode")) &&
          is(identity.id, query.get("identity")) &&
          has(`${server.name} ${identity.name ?? ""} ${identity.id}`, query.get("q")),
      );
      return page(matching, request, keyOf, (each) => each);
    },
    "GET /api/v1/credential-counts": () => {
      const items = new Map<string, { server_id: string } & Record<StubCredential["status"], number>>();
      for (const { server, status } of world.credentials) {
        const counts = items.get(server.id) ?? {
          server_id: server.id,
          active: 0,
          needs_update: 0,
          rejected: 0,
          orphaned: 0,
        };
        counts[status] += 1;
        items.set(server.id, counts);
      }
      return ok({ items: [...items.values()] });
    },
    "GET /api/v1/credentials/{id}": (_request, id) => {
      const found = world.credentials.find((each) => each.id === id);
      return found === undefined ? NO_CREDENTIAL : ok(found);
    },
    "DELETE /api/v1/credentials/{id}": (_request, id) => {
      world.credentials = world.credentials.filter((each) => each.id !== id);
      return ok(undefined, 204);
    },
    "POST /api/v1/credentials/revoke": ({ body }) => {
      const ids = new Set((body as { ids: string[] }).ids);
      const before = world.credentials.length;
      world.credentials = world.credentials.filter((each) => !ids.has(each.id));
      return ok({ revoked: before - world.credentials.length });
    },
  };
}

function actorOf({ actor }: StubEvent): string {
  if (actor.id === null) return actor.kind;
  return `${actor.kind === "identity" ? actor.auth_mode : actor.kind}:${actor.id}`;
}

/** Changes of many connections are told in the life of each that they touched. */
function isPartOf({ action }: StubEvent, credential: string | null): boolean {
  return credential !== null && action === "grants.replaced";
}

function otherHandlers(world: World): Record<string, Handler> {
  return {
    "GET /api/v1/virtual-keys": (request) =>
      page(
        world.keys.filter(
          (key) =>
            has(`${key.name} ${key.owner_name ?? ""}`, request.query.get("q")) &&
            is(key.owner_user_id ?? "", request.query.get("owner")),
        ),
        request,
        ({ id }) => id,
        (key) => key,
      ),
    "GET /api/v1/virtual-keys/{id}": (_request, id) => {
      const found = world.keys.find((key) => key.id === id);
      return found === undefined ? refused(404, "virtual_key_not_found", "There is no such virtual key.") : ok(found);
    },
    "GET /api/v1/audit": (request) => {
      const { query } = request;
      const matching = world.events.filter(
        (event) =>
          is(event.action, query.get("action")) &&
          is(event.server_id ?? "", query.get("server")) &&
          (is(event.credential_id ?? "", query.get("credential")) || isPartOf(event, query.get("credential"))) &&
          is(event.identity?.id ?? "", query.get("identity")) &&
          is(actorOf(event), query.get("actor")) &&
          is(event.outcome, query.get("outcome")) &&
          event.at >= Number(query.get("since") ?? 0) &&
          event.at < Number(query.get("until") ?? Infinity),
      );
      const keyOf = ({ id }: { id: number }): string => String(1e9 - id).padStart(10, "0");
      return page(matching.toReversed(), request, keyOf, (event) =>
        isPartOf(event, query.get("credential")) ? { ...event, effects: ["orphaned"] } : event,
      );
    },
    "GET /api/v1/audit/verify": () =>
      ok({ intact: true, events: world.events.length, broken_at: null, last_hash: world.events.at(-1)?.hash ?? null }),
    "GET /api/v1/settings": () => ok(world.settings),
    "GET /api/v1/admin-tokens": (request) =>
      page(
        world.tokens,
        request,
        ({ id }) => id,
        (token) => token,
      ),
    "POST /api/v1/admin-tokens": ({ body }) => {
      const added = { id: "adm_0", name: (body as { name: string }).name, created_at: NOW };
      world.tokens.unshift(added);
      return ok({ ...added, token: `kwa_${"t".repeat(43)}0aBc9Z` }, 201);
    },
    "DELETE /api/v1/admin-tokens/{id}": (_request, id) => {
      world.tokens = world.tokens.filter((token) => token.id !== id);
      return ok(undefined, 204);
    },
  };
}
