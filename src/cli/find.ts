import { KeywardError } from "../core/errors.ts";
import { isAuthMode, type AuthMode } from "../core/identity.ts";
import type { JsonObject } from "../core/json.ts";
import { usageError } from "./context.ts";
import { textAt } from "./json-answer.ts";
import { nearest } from "./nearest.ts";
import type { RestClient } from "./rest-client.ts";

/** More servers or keys than one gateway has. */
const ALL = 100_000;

export async function listServers(gateway: RestClient): Promise<readonly JsonObject[]> {
  return (await gateway.list(["servers"], {}, ALL)).items;
}

export async function listKeys(gateway: RestClient): Promise<readonly JsonObject[]> {
  return (await gateway.list(["virtual-keys"], {}, ALL)).items;
}

/** @throws KeywardError `server_not_found`, with the name that was probably meant */
export async function findServer(gateway: RestClient, nameOrId: string): Promise<JsonObject> {
  const servers = await listServers(gateway);
  const found = servers.find((server) => textAt(server, "id") === nameOrId || textAt(server, "name") === nameOrId);
  if (found === undefined) {
    throw new KeywardError("server_not_found", { message: `There is no such server.${suggestion(nameOrId, servers)}` });
  }
  return found;
}

/** @throws KeywardError `virtual_key_not_found`; CommanderError when several keys have that name */
export async function findKey(gateway: RestClient, nameOrId: string): Promise<JsonObject> {
  const keys = await listKeys(gateway);
  const found = keys.filter((key) => textAt(key, "id") === nameOrId || textAt(key, "name") === nameOrId);
  const [first, second] = found;
  if (first === undefined) {
    throw new KeywardError("virtual_key_not_found", {
      message: `There is no such virtual key.${suggestion(nameOrId, keys)}`,
    });
  }
  if (second !== undefined) {
    const ids = found.map((key) => textAt(key, "id")).join(", ");
    throw usageError(`Several keys have that name. Use the id of one: ${ids}.`);
  }
  return first;
}

function suggestion(typed: string, items: readonly JsonObject[]): string {
  const meant = nearest(
    typed,
    items.map((item) => textAt(item, "name")),
  );
  return meant === null ? "" : ` Did you mean ${meant}?`;
}

export interface NamedIdentity {
  readonly mode: AuthMode;
  readonly id: string;
}

/** `user:alice`, `virtual_key:vk_...` or `session:ses_...`; null when it is not written like that. */
function parseIdentityText(text: string): NamedIdentity | null {
  const [, mode = "", id = ""] = /^([a-z_]+):(.+)$/.exec(text) ?? [];
  return isAuthMode(mode) ? { mode, id } : null;
}

/**
 * Who is meant by the name or id of a virtual key, or by `<auth mode>:<id>`.
 * A key with an owner acts as that owner, so access is given to the owner.
 */
export async function findIdentity(gateway: RestClient, text: string): Promise<NamedIdentity> {
  const named = parseIdentityText(text);
  if (named !== null) {
    return named;
  }
  const key = await findKey(gateway, text);
  const owner = textAt(key, "owner_user_id");
  return owner === "" ? { mode: "virtual_key", id: textAt(key, "id") } : { mode: "user", id: owner };
}

/** `<auth mode>:<id>` of an identity in an answer; empty when there is none. */
export function identityText(item: JsonObject, ...path: readonly string[]): string {
  const id = textAt(item, ...path, "id");
  return id === "" ? "" : `${textAt(item, ...path, "auth_mode")}:${id}`;
}
