import type { z } from "@hono/zod-openapi";
import { entryOf } from "../core/audit.ts";
import { KeywardError } from "../core/errors.ts";
import type { GroupStore, UserFilter, UserStore } from "../core/people-port.ts";
import type { Invitation, People } from "../core/people.ts";
import type { SignInStore } from "../core/sign-in-port.ts";
import { identityOfUser, type User } from "../core/user.ts";
import { requesterOf } from "./context.ts";
import { userRoutes, type User as UserSchema } from "./contract/user-routes.ts";
import { defined, pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";
import { intentOf, showPreview } from "./preview.ts";
import { showReconciliation } from "./server-view.ts";

interface UserParts {
  readonly store: Pick<UserStore, "findUser" | "listUsers"> &
    Pick<GroupStore, "listGroupsOf"> &
    Pick<SignInStore, "endSessions">;
  readonly people: People;
  /** Base of the links in invitations. */
  readonly publicUrl: string;
}

export function mountUsers(mount: Mount, parts: UserParts): void {
  const { store, people, publicUrl } = parts;

  async function find(id: string): Promise<User> {
    const user = await store.findUser(id);
    if (user === null) {
      throw new KeywardError("user_not_found");
    }
    return user;
  }

  // The token is in the fragment, which no server and no proxy on the way gets to see.
  function showInvite({ token, expiresAt }: Invitation): { invite_url: string; invite_expires_at: number } {
    return { invite_url: `${publicUrl}/invite#t=${token.reveal()}`, invite_expires_at: expiresAt };
  }

  mount(userRoutes.list, async (c) => {
    const { q, role, enabled, group, ...query } = c.req.valid("query");
    const isEnabled = enabled === undefined ? undefined : enabled === "true";
    const filter: UserFilter = defined({ q, role, isEnabled, groupId: group });
    const page = await store.listUsers(filter, pageRequestOf(query));
    return c.json({ items: page.items.map(showUser), next_cursor: page.nextCursor }, 200);
  });

  mount(userRoutes.invite, async (c) => {
    const { name, email, role, group_ids: groupIds } = c.req.valid("json");
    const invitation = await people.invite({ name, email, role, groupIds }, requesterOf(c));
    return c.json({ user: showUser(invitation.user), ...showInvite(invitation) }, 201);
  });

  mount(userRoutes.get, async (c) => {
    const user = await find(c.req.valid("param").id);
    const groups = (await store.listGroupsOf(user.id)).map(({ id, name }) => ({ id, name }));
    return c.json({ ...showUser(user), groups }, 200);
  });

  mount(userRoutes.update, async (c) => {
    const { name, role, enabled } = c.req.valid("json");
    const intent = intentOf(c.req.valid("query"));
    const change = defined({ name, role, isEnabled: enabled });
    const updated = await people.update(c.req.valid("param").id, change, requesterOf(c), intent);
    return intent === "preview"
      ? c.json(showPreview(updated.reconciliation), 200)
      : c.json({ ...showUser(updated.user), ...showReconciliation(updated.reconciliation) }, 200);
  });

  mount(userRoutes.remove, async (c) => {
    const intent = intentOf(c.req.valid("query"));
    const change = await people.remove(c.req.valid("param").id, requesterOf(c), intent);
    return intent === "preview" ? c.json(showPreview(change), 200) : c.body(null, 204);
  });

  mount(userRoutes.reinvite, async (c) =>
    c.json(showInvite(await people.reinvite(c.req.valid("param").id, requesterOf(c))), 201),
  );

  mount(userRoutes.endSessions, async (c) => {
    const user = await find(c.req.valid("param").id);
    const entry = { ...entryOf(requesterOf(c), "sign_in.ended"), identity: identityOfUser(user) };
    await store.endSessions(user.id, null, entry);
    return c.body(null, 204);
  });
}

export function showUser(user: User): z.output<typeof UserSchema> {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role,
    enabled: user.isEnabled,
    invited: user.isInvited,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}
