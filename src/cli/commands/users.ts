import type { Command } from "commander";
import type { Schemas } from "../../client/api-types.ts";
import { isPreview } from "../../client/client.ts";
import { countOf, oneOf } from "../choice.ts";
import { type Cli, collect, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { findGroup, findUser } from "../find.ts";
import { describePreview, type DryRunOption, removeOrTry, withDryRun } from "../preview.ts";
import type { RestClient } from "../rest-client.ts";
import { cell, factsList, when } from "../text.ts";
import { userTable } from "../user-view.ts";

const ROLES = ["admin", "user"] as const;
const WHO = "address, name or id";

interface ListOptions extends GatewayOption {
  readonly search?: string;
  readonly role?: string;
  readonly group?: string;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly limit: string;
}

interface InviteOptions extends GatewayOption {
  readonly name?: string;
  readonly role: string;
  readonly group?: readonly string[];
}

interface EditOptions extends GatewayOption, DryRunOption {
  readonly name?: string;
  readonly role?: string;
}

export function addUserCommands(program: Command, cli: Cli): void {
  const users = program.command("users").description("people who sign in");
  addList(users, cli);
  addShow(users, cli);
  addInvite(users, cli);
  addReinvite(users, cli);
  addEdit(users, cli);
  addSwitch(users, cli, "enable", true, "let a disabled user sign in and call again");
  addSwitch(users, cli, "disable", false, "end a user's sessions and calls at once; what is stored is kept unused");
  addSignOut(users, cli);
  addRemove(users, cli);
}

function addList(users: Command, cli: Cli): void {
  withExamples(
    withGateway(users.command("list").description("list the users, by name"))
      .option("--search <text>", "only where the name or address has this text")
      .option("--role <role>", "only admin or user")
      .option("--group <group>", "only members of this group (name or id)")
      .option("--enabled", "only enabled ones")
      .option("--disabled", "only disabled ones")
      .option("--limit <count>", "at most so many", "100"),
    "keyward users list",
    "keyward users list --role admin",
    "keyward users list --group engineering --disabled",
  ).action(async (options: ListOptions) => {
    if (options.enabled === true && options.disabled === true) {
      throw usageError("--enabled and --disabled exclude each other.");
    }
    const limit = countOf("--limit", options.limit);
    const role = options.role === undefined ? undefined : oneOf("--role", options.role, ROLES);
    const gateway = cli.gateway(options);
    const query = {
      q: options.search,
      role,
      enabled: options.enabled ?? (options.disabled === true ? false : undefined),
      group: options.group === undefined ? undefined : (await findGroup(gateway, options.group)).id,
    };
    const listing = await gateway.list("/api/v1/users", { query }, limit);
    cli.answer(options, listing, () =>
      userTable(listing.items, "There are no users. Invite one: keyward users invite <address>"),
    );
    if (listing.next_cursor !== null) {
      cli.note("There are more: see --limit.");
    }
  });
}

function addShow(users: Command, cli: Cli): void {
  withExamples(
    withGateway(users.command("show").description("show one user").argument("<user>", WHO)),
    "keyward users show ada@example.com",
  ).action(async (who: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const { id } = await findUser(gateway, who);
    const user = await gateway.get("/api/v1/users/{id}", { path: { id } });
    cli.answer(options, user, () => describeUser(user));
  });
}

function describeUser(user: Schemas["UserWithGroups"]): string {
  const facts: (readonly [string, string])[] = [
    ["name", user.name],
    ["address", user.email],
    ["id", user.id],
    ["role", user.role],
    ["enabled", user.enabled ? "yes" : "no"],
    ["invited", user.invited ? "yes, and has not signed in yet" : "no"],
    ["groups", user.groups.map(({ name }) => name).join(", ") || "-"],
    ["created", when(user.created_at)],
    ["updated", when(user.updated_at)],
  ];
  return factsList(facts.map(([name, value]) => [name, cell(value)]));
}

function addInvite(users: Command, cli: Cli): void {
  withExamples(
    withGateway(
      users
        .command("invite")
        .description("make a user, and a link for that person to choose a password, shown this once")
        .argument("<address>", "e-mail address")
        .option("--name <name>", "name (default: the part of the address before the @)")
        .option("--role <role>", "admin or user", "user")
        .option("--group <group>", "a group to be in, by name or id (repeatable)", collect),
    ),
    "keyward users invite ada@example.com --name 'Ada Lovelace'",
    "keyward users invite ada@example.com --role admin --group engineering",
  ).action(async (email: string, options: InviteOptions) => {
    const role = oneOf("--role", options.role, ROLES);
    const gateway = cli.gateway(options);
    const groups = await Promise.all((options.group ?? []).map((group) => findGroup(gateway, group)));
    const body = { name: options.name ?? nameIn(email), email, role, group_ids: groups.map(({ id }) => id) };
    const invited = await gateway.post("/api/v1/users", { body });
    showInvite(cli, options, invited, invited.user.name);
  });
}

/** `ada` of `ada@example.com`; what is no address is the gateway's to refuse. */
function nameIn(email: string): string {
  return email.replace(/(?<=.)@.*$/s, "");
}

function addReinvite(users: Command, cli: Cli): void {
  withExamples(
    withGateway(
      users
        .command("reinvite")
        .description("make a new link to choose a password, as after a forgotten one; shown this once")
        .argument("<user>", WHO),
    ),
    "keyward users reinvite ada@example.com",
  ).action(async (who: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findUser(gateway, who);
    showInvite(cli, options, await gateway.post("/api/v1/users/{id}/invite", { path: { id } }), name);
  });
}

function showInvite(cli: Cli, options: GatewayOption, invite: Schemas["Invite"], name: string): void {
  cli.answer(options, invite, () => `${cell(invite.invite_url)}\n`);
  cli.note(`This is the only time that the link is shown. Hand it to ${cell(name)} on a way that others do not read:`);
  cli.note(`whoever opens it first chooses the password. It works once, until ${when(invite.invite_expires_at)}.`);
}

function addEdit(users: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        users
          .command("edit")
          .description("change a user's name or role")
          .argument("<user>", WHO)
          .option("--name <name>", "new name")
          .option("--role <role>", "admin or user"),
      ),
    ),
    "keyward users edit ada@example.com --role admin",
  ).action(async (who: string, options: EditOptions) => {
    const role = options.role === undefined ? undefined : oneOf("--role", options.role, ROLES);
    if (role === undefined && options.name === undefined) {
      throw usageError("Nothing to change was given.");
    }
    const gateway = cli.gateway(options);
    const { id } = await findUser(gateway, who);
    const answer = await update(gateway, id, options, { name: options.name, role });
    cli.answer(options, answer, () =>
      isPreview(answer) ? describePreview(answer) : `${cell(answer.name)} is now ${answer.role}.\n`,
    );
  });
}

function update(
  gateway: RestClient,
  id: string,
  { dryRun }: DryRunOption,
  body: Schemas["UserPatch"],
): Promise<Schemas["ChangedUser"] | Schemas["Preview"]> {
  return gateway.patch("/api/v1/users/{id}", { path: { id }, query: { dry_run: dryRun }, body });
}

function addSwitch(users: Command, cli: Cli, verb: string, isEnabled: boolean, description: string): void {
  withExamples(
    withDryRun(withGateway(users.command(verb).description(description).argument("<user>", WHO))),
    `keyward users ${verb} ada@example.com`,
  ).action(async (who: string, options: GatewayOption & DryRunOption) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findUser(gateway, who);
    const answer = await update(gateway, id, options, { enabled: isEnabled });
    cli.answer(options, answer, () =>
      isPreview(answer) ? describePreview(answer) : `${cell(name)} is ${isEnabled ? "enabled" : "disabled"}.\n`,
    );
  });
}

function addSignOut(users: Command, cli: Cli): void {
  withExamples(
    withGateway(users.command("sign-out").description("end every session of a user").argument("<user>", WHO)),
    "keyward users sign-out ada@example.com",
  ).action(async (who: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findUser(gateway, who);
    await gateway.remove("/api/v1/users/{id}/sessions", { path: { id } });
    cli.answer(options, { signed_out: id }, () => `${cell(name)} is signed out everywhere.\n`);
  });
}

function addRemove(users: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        users
          .command("remove")
          .description("remove a user for good, with everything stored for it, its keys and its connected apps")
          .argument("<user>", WHO)
          .option("--yes", "do not ask"),
      ),
    ),
    "keyward users remove ada@example.com",
    "keyward users remove ada@example.com --dry-run",
  ).action(async (who: string, options: GatewayOption & DryRunOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const { id, name, email } = await findUser(gateway, who);
    await removeOrTry(cli, options, {
      question: `Remove ${name} (${email}) and everything stored for them?`,
      remove: (query) => gateway.remove("/api/v1/users/{id}", { path: { id }, query }),
      json: { removed: id },
      done: `${name} is removed.`,
    });
  });
}
