import type { Command } from "commander";
import { isPreview } from "../../client/client.ts";
import { type Cli, collect, type GatewayOption, withExamples, withGateway } from "../context.ts";
import { ALL, findGroup, findUser, listGroups } from "../find.ts";
import { describePreview, type DryRunOption, removeOrTry, withDryRun } from "../preview.ts";
import { cell, counted, table, when } from "../text.ts";
import { userTable } from "../user-view.ts";

interface MemberOptions extends GatewayOption, DryRunOption {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

export function addGroupCommands(program: Command, cli: Cli): void {
  const groups = program.command("groups").description("sets of users that servers can be granted to");
  addList(groups, cli);
  addCreate(groups, cli);
  addRename(groups, cli);
  addMembers(groups, cli);
  addRemove(groups, cli);
}

function addList(groups: Command, cli: Cli): void {
  withExamples(
    withGateway(groups.command("list").description("list the groups, by name")),
    "keyward groups list",
  ).action(async (options: GatewayOption) => {
    const items = await listGroups(cli.gateway(options));
    cli.answer(options, { items }, () =>
      table(
        ["name", "members", "created", "id"],
        items.map(({ id, name, members_count: members, created_at: at }) => [name, String(members), when(at), id]),
        "There are no groups yet. Make one: keyward groups create <name>",
      ),
    );
  });
}

function addCreate(groups: Command, cli: Cli): void {
  withExamples(
    withGateway(groups.command("create").description("make a group").argument("<name>", "unique")),
    "keyward groups create engineering",
  ).action(async (name: string, options: GatewayOption) => {
    const group = await cli.gateway(options).post("/api/v1/groups", { body: { name } });
    cli.answer(options, group, () => `${cell(group.name)} is made (${group.id}).\n`);
    cli.note(`Next: ${cli.io.called} groups members ${cell(group.name)} --add <user>`);
  });
}

function addRename(groups: Command, cli: Cli): void {
  withExamples(
    withGateway(
      groups.command("rename").description("rename a group").argument("<group>", "name or id").argument("<name>"),
    ),
    "keyward groups rename engineering platform",
  ).action(async (nameOrId: string, name: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const { id } = await findGroup(gateway, nameOrId);
    const group = await gateway.patch("/api/v1/groups/{id}", { path: { id }, body: { name } });
    cli.answer(options, group, () => `It is ${cell(group.name)} now.\n`);
  });
}

function addMembers(groups: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        groups
          .command("members")
          .description("list the members of a group, or change them")
          .argument("<group>", "name or id")
          .option("--add <user>", "a user to add, by address, name or id (repeatable)", collect)
          .option("--remove <user>", "a user to take out (repeatable)", collect),
      ),
    ),
    "keyward groups members engineering",
    "keyward groups members engineering --add ada@example.com --remove bob@example.com",
  ).action(async (nameOrId: string, options: MemberOptions) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findGroup(gateway, nameOrId);
    const path = { id };
    if (options.add === undefined && options.remove === undefined) {
      const { items } = await gateway.list("/api/v1/groups/{id}/members", { path }, ALL);
      cli.answer(options, { items }, () => userTable(items, `${cell(name)} has no members.`));
      return;
    }
    const idsOf = async (users: readonly string[] = []): Promise<string[]> =>
      (await Promise.all(users.map((user) => findUser(gateway, user)))).map((user) => user.id);
    const body = { add: await idsOf(options.add), remove: await idsOf(options.remove) };
    const query = { dry_run: options.dryRun };
    const answer = await gateway.patch("/api/v1/groups/{id}/members", { path, query, body });
    cli.answer(options, answer, () =>
      isPreview(answer)
        ? describePreview(answer)
        : `${cell(answer.name)} has ${counted(answer.members_count, "member")}.\n`,
    );
  });
}

function addRemove(groups: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        groups
          .command("remove")
          .description("remove a group with its grants; its members stay")
          .argument("<group>", "name or id")
          .option("--yes", "do not ask"),
      ),
    ),
    "keyward groups remove engineering",
    "keyward groups remove engineering --dry-run",
  ).action(async (nameOrId: string, options: GatewayOption & DryRunOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findGroup(gateway, nameOrId);
    await removeOrTry(cli, options, {
      question: `Remove the group ${name}, and the access it gives?`,
      remove: (query) => gateway.remove("/api/v1/groups/{id}", { path: { id }, query }),
      json: { removed: id },
      done: `${name} is removed.`,
    });
  });
}
