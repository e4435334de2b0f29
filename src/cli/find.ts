import type { Schemas } from "../client/api-types.ts";
import { type ErrorCode, isKeywardError, KeywardError } from "../core/errors.ts";
import { isAuthMode, type AuthMode } from "../core/identity.ts";
import { usageError } from "./context.ts";
import { nearest } from "./nearest.ts";
import type { RestClient } from "./rest-client.ts";

type Server = Schemas["Server"];
type VirtualKey = Schemas["VirtualKey"];
type User = Schemas["User"];
type Group = Schemas["Group"];
type AdminToken = Schemas["AdminToken"];

/** More of anything than one gateway has. */
export const ALL = 100_000;

/** Enough to find the name that was probably meant. */
const SOME = 500;

/** What the API takes as `q`. */
const LONGEST_SEARCH = 200;

export async function listServers(gateway: RestClient): Promise<readonly Server[]> {
  return (await gateway.list("/api/v1/servers", {}, ALL)).items;
}

export async function listGroups(gateway: RestClient): Promise<readonly Group[]> {
  return (await gateway.list("/api/v1/groups", {}, ALL)).items;
}

/** @throws KeywardError `server_not_found`, with the name that was probably meant */
export async function findServer(gateway: RestClient, nameOrId: string): Promise<Server> {
  const servers = await listServers(gateway);
  return one(SERVER, nameOrId, servers, () => Promise.resolve(servers));
}

/** @throws KeywardError `group_not_found`, with the name that was probably meant */
export async function findGroup(gateway: RestClient, nameOrId: string): Promise<Group> {
  const groups = await listGroups(gateway);
  return one(GROUP, nameOrId, groups, () => Promise.resolve(groups));
}

/** @throws KeywardError `admin_token_not_found`; CommanderError when several have that name */
export async function findAdminToken(gateway: RestClient, nameOrId: string): Promise<AdminToken> {
  const { items } = await gateway.list("/api/v1/admin-tokens", {}, ALL);
  return one(ADMIN_TOKEN, nameOrId, items, () => Promise.resolve(items));
}

/** @throws KeywardError `virtual_key_not_found`; CommanderError when several keys have that name */
export async function findKey(gateway: RestClient, nameOrId: string): Promise<VirtualKey> {
  return one(KEY, nameOrId, await keysLike(gateway, nameOrId), () => someKeys(gateway));
}

/** By address, name or id. @throws KeywardError `user_not_found`; CommanderError when several have that name */
export async function findUser(gateway: RestClient, text: string): Promise<User> {
  return one(USER, text, await usersLike(gateway, text), () => someUsers(gateway));
}

async function keysLike(gateway: RestClient, text: string): Promise<readonly VirtualKey[]> {
  return text.startsWith("vk_")
    ? orNone("virtual_key_not_found", gateway.get("/api/v1/virtual-keys/{id}", { path: { id: text } }))
    : (await gateway.list("/api/v1/virtual-keys", { query: { q: text.slice(0, LONGEST_SEARCH) } }, ALL)).items;
}

async function usersLike(gateway: RestClient, text: string): Promise<readonly User[]> {
  return text.startsWith("usr_")
    ? orNone("user_not_found", gateway.get("/api/v1/users/{id}", { path: { id: text } }))
    : (await gateway.list("/api/v1/users", { query: { q: text.slice(0, LONGEST_SEARCH) } }, ALL)).items;
}

async function orNone<T>(missing: ErrorCode, found: Promise<T>): Promise<readonly T[]> {
  try {
    return [await found];
  } catch (error) {
    if (isKeywardError(error, missing)) {
      return [];
    }
    throw error;
  }
}

async function someKeys(gateway: RestClient): Promise<readonly VirtualKey[]> {
  return (await gateway.list("/api/v1/virtual-keys", {}, SOME)).items;
}

async function someUsers(gateway: RestClient): Promise<readonly User[]> {
  return (await gateway.list("/api/v1/users", {}, SOME)).items;
}

interface Named {
  readonly id: string;
  readonly name: string;
  /** Users only. */
  readonly email?: string;
}

/** How a kind of thing is spoken of when it is not found, or found twice. */
interface Kind {
  readonly singular: string;
  readonly plural: string;
  readonly missing: ErrorCode;
}

const SERVER: Kind = { singular: "server", plural: "servers", missing: "server_not_found" };
const KEY: Kind = { singular: "virtual key", plural: "keys", missing: "virtual_key_not_found" };
const USER: Kind = { singular: "user", plural: "users", missing: "user_not_found" };
const GROUP: Kind = { singular: "group", plural: "groups", missing: "group_not_found" };
const ADMIN_TOKEN: Kind = { singular: "admin token", plural: "admin tokens", missing: "admin_token_not_found" };

async function one<T extends Named>(
  kind: Kind,
  text: string,
  items: readonly T[],
  others: () => Promise<readonly Named[]>,
): Promise<T> {
  const found = items.filter((item) => isMeant(item, text));
  const [first, second] = found;
  if (first === undefined) {
    const message = `There is no such ${kind.singular}.${suggestion(text, await others())}`;
    throw new KeywardError(kind.missing, { message });
  }
  if (second !== undefined) {
    const ids = found.map(({ id }) => id).join(", ");
    throw usageError(`Several ${kind.plural} have that name. Use the id of one: ${ids}.`);
  }
  return first;
}

function isMeant({ id, name, email }: Named, text: string): boolean {
  return id === text || name === text || email === text.toLowerCase();
}

function suggestion(typed: string, items: readonly Named[]): string {
  const names = items.flatMap(({ name, email }) => (email === undefined ? [name] : [name, email]));
  const meant = nearest(typed, names);
  return meant === null ? "" : ` Did you mean ${meant}?`;
}

/** Who a grant or a filter is about, as the API writes it. */
export interface NamedIdentity {
  readonly auth_mode: AuthMode;
  readonly identity: string;
}

interface NamedGroup {
  readonly group: string;
}

/** For the help of whatever takes a `findIdentity`. */
export const IDENTITY_HELP = "a user (address, name or id), a virtual key (name or id), or <auth mode>:<id>";

/** For the help of whatever takes a `findGrantee`. */
export const GRANTEE_HELP = "a user (address, name or id), a virtual key or a group (name or id), or <auth mode>:<id>";

/**
 * Who is meant by a user's address, name or id, by the name or id of a virtual key, or by `<auth mode>:<id>`.
 * A key with an owner acts as that owner, so it stands for the owner.
 * @throws KeywardError `not_found`; CommanderError when the name is that of several
 */
export async function findIdentity(gateway: RestClient, text: string): Promise<NamedIdentity> {
  return parseIdentityText(text) ?? oneOfAll(gateway, text, await identitiesLike(gateway, text));
}

/** As `findIdentity`, or a group. */
export async function findGrantee(gateway: RestClient, text: string): Promise<NamedIdentity | NamedGroup> {
  const named = parseIdentityText(text);
  if (named !== null) {
    return named;
  }
  const [identities, groups] = await Promise.all([identitiesLike(gateway, text), listGroups(gateway)]);
  const meant = groups.filter((group) => isMeant(group, text)).map(({ id }) => ({ group: id }));
  return oneOfAll<NamedIdentity | NamedGroup>(gateway, text, [...identities, ...meant]);
}

/** `user:usr_...`, `virtual_key:vk_...` or `session:ses_...`; null when it is not written like that. */
function parseIdentityText(text: string): NamedIdentity | null {
  const [, mode = "", id = ""] = /^([a-z_]+):(.+)$/.exec(text) ?? [];
  return isAuthMode(mode) ? { auth_mode: mode, identity: id } : null;
}

async function identitiesLike(gateway: RestClient, text: string): Promise<readonly NamedIdentity[]> {
  const [users, keys] = await Promise.all([usersLike(gateway, text), keysLike(gateway, text)]);
  return [
    ...users.filter((user) => isMeant(user, text)).map(({ id }) => ({ auth_mode: "user" as const, identity: id })),
    ...keys
      .filter((key) => isMeant(key, text))
      .map(({ id, owner_user_id: owner }) =>
        owner === null
          ? { auth_mode: "virtual_key" as const, identity: id }
          : { auth_mode: "user" as const, identity: owner },
      ),
  ];
}

/** A name that a user and a key share is refused rather than guessed; a user and the key it owns are one and the same. */
async function oneOfAll<T extends NamedIdentity | NamedGroup>(
  gateway: RestClient,
  text: string,
  found: readonly T[],
): Promise<T> {
  const different = new Map(found.map((item) => [granteeText(item), item]));
  const [first, second] = different.values();
  if (first === undefined) {
    const others = await Promise.all([someUsers(gateway), someKeys(gateway)]);
    throw new KeywardError("not_found", { message: `Nobody has that name.${suggestion(text, others.flat())}` });
  }
  if (second !== undefined) {
    throw usageError(`Several have that name. Use one of: ${[...different.keys()].join(", ")}.`);
  }
  return first;
}

/** `<auth mode>:<id>`, or the id of the group. */
export function granteeText(grantee: NamedIdentity | NamedGroup): string {
  return "group" in grantee ? grantee.group : `${grantee.auth_mode}:${grantee.identity}`;
}

/** `<auth mode>:<id>` of an identity in an answer; empty when there is none. */
export function identityText(identity: { readonly auth_mode: AuthMode; readonly id: string } | null): string {
  return identity === null ? "" : `${identity.auth_mode}:${identity.id}`;
}
