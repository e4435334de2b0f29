import { describe, expect, it } from "vitest";
import { ADA, ALICE, ENGINEERING, OWNED, PEOPLE, run } from "./run-against.ts";
import { NOW } from "./run-command.ts";
import { page, refusal, type SeenRequest, type StubAnswer } from "./stub-gateway.ts";

const PREVIEW = { preview: { orphaned: 3, reactivated: 1, needs_update: 0, people: 2 } };
const FORETOLD =
  "3 connections would lose access, 1 connection would be usable again, of 2 people. Nothing was changed.\n";
const INVITE = { invite_url: "https://keys.example.com/invite#t=kwi_the-token", invite_expires_at: NOW };

/** The request that would change something, in short. */
const sentBy = async (...args: Parameters<typeof run>): Promise<string> => {
  const { sent } = await run(...args);
  return sent.map(({ method, target, body }) => `${method} ${target} ${JSON.stringify(body)}`).join("\n");
};

describe("grants", () => {
  const WEATHER = { id: "srv_1", name: "weather", header_schema: [] };
  const others = [
    { auth_mode: "virtual_key", identity: "vk_b", tools: ["whoami"] },
    { group: "grp_2", tools: null },
  ];
  const shown = [
    { auth_mode: "virtual_key", identity: "vk_b", tools: ["whoami"], name: null },
    { group: "grp_2", tools: null, name: "ops" },
  ];
  const routes = {
    ...PEOPLE,
    "GET /api/v1/servers": page(WEATHER),
    "GET /api/v1/servers/srv_1/grants": [
      200,
      { grants: [...shown, { auth_mode: "virtual_key", identity: "vk_a", tools: null, name: "alice" }] },
    ],
    "PUT /api/v1/servers/srv_1/grants": ({ body, target }: SeenRequest): StubAnswer =>
      target.endsWith("dry_run=true") ? [200, PREVIEW] : [200, { ...(body as object), orphaned: 0 }],
  } as const;
  const grantsAfter = async (...args: readonly string[]): Promise<unknown> => {
    const { sent, stderr } = await run(routes, ["servers", ...args, "--json"]);
    return (sent[0]?.body as { grants: unknown[] } | undefined)?.grants ?? stderr;
  };

  it("grant and ungrant: change one grant and leave the others", async () => {
    expect(await grantsAfter("grant", "weather", "alice", "--tool", "forecast")).toEqual([
      ...others,
      { auth_mode: "virtual_key", identity: "vk_a", tools: ["forecast"] },
    ]);
    expect(await grantsAfter("ungrant", "weather", "vk_a")).toEqual(others);
  });

  it.each([
    ["a user's address", "Ada@example.com", { auth_mode: "user", identity: "usr_9" }],
    ["a user's name", "Ada", { auth_mode: "user", identity: "usr_9" }],
    ["a user's id", "usr_9", { auth_mode: "user", identity: "usr_9" }],
    ["a key with an owner, who is meant", "owned", { auth_mode: "user", identity: "usr_9" }],
    ["a group's name", "engineering", { group: "grp_1" }],
    ["a group's id", "grp_1", { group: "grp_1" }],
    ["an identity in full", "session:ses_1", { auth_mode: "session", identity: "ses_1" }],
  ])("grant: takes %s", async (_, who, grant) => {
    expect(await grantsAfter("grant", "weather", who)).toMatchObject({ 3: { ...grant, tools: null } });
  });

  it("grant: refuses a name that a user and a key share, and says what to write instead", async () => {
    const twins = { ...routes, "GET /api/v1/virtual-keys": page({ ...ALICE, name: "Ada" }) };
    const { code, stderr, sent } = await run(twins, ["servers", "grant", "weather", "Ada"]);
    expect([code, sent]).toEqual([2, []]);
    expect(stderr).toBe("error: Several have that name. Use one of: user:usr_9, virtual_key:vk_a.\n");
  });

  it("grant: suggests the name that was meant", async () => {
    const { code, stderr, sent } = await run(routes, ["servers", "grant", "weather", "ada@exmple.com"]);
    expect([code, sent]).toEqual([1, []]);
    expect(stderr).toContain("Nobody has that name. Did you mean ada@example.com?");
  });

  it("ungrant --dry-run: says what would happen", async () => {
    const { stdout, sent } = await run(routes, ["servers", "ungrant", "weather", "alice", "--dry-run"]);
    expect([stdout, sent[0]?.target]).toEqual([FORETOLD, "/api/v1/servers/srv_1/grants?dry_run=true"]);
  });

  it("grants: shows names, what they are, and the tools", async () => {
    const { stdout } = await run(routes, ["servers", "grants", "weather"]);
    expect(stdout).toMatch(/^- +virtual_key +vk_b +whoami\nops +group +grp_2 +all\nalice +virtual_key +vk_a +all$/m);
  });
});

describe("users", () => {
  it("list: a table for a person, filters in the request", async () => {
    const { stdout, seen } = await run(
      { ...PEOPLE, "GET /api/v1/users": page(ADA, { ...ADA, enabled: false }) },
      "users list --search ad --role user --group engineering --enabled".split(" "),
    );
    expect(stdout).toMatch(/^Ada +ada@example\.com +user +enabled +2027-01-15 12:00Z +usr_9\nAda .* disabled /m);
    expect(seen.at(-1)?.target).toBe("/api/v1/users?q=ad&role=user&enabled=true&group=grp_1&limit=100");
    expect((await run(PEOPLE, ["users", "list", "--disabled", "--json"])).json()).toEqual({
      items: [ADA],
      next_cursor: null,
    });
  });

  it("show: by address, with groups", async () => {
    expect((await run(PEOPLE, ["users", "show", "ADA@example.com"])).stdout).toContain("groups   engineering");
  });

  it("invite: prints the link alone on standard output, and the rest as a message", async () => {
    const routes = { ...PEOPLE, "POST /api/v1/users": [201, { user: ADA, ...INVITE }] } as const;
    const { code, stdout, stderr, sent } = await run(
      routes,
      "users invite ada@example.com --name Ada --role admin --group engineering".split(" "),
    );
    expect([code, stdout]).toEqual([0, `${INVITE.invite_url}\n`]);
    expect(stderr).toContain("the only time that the link is shown");
    expect(stderr).not.toContain("kwi_");
    expect(sent[0]?.body).toEqual({ name: "Ada", email: "ada@example.com", role: "admin", group_ids: ["grp_1"] });
    const short = await run(routes, ["users", "invite", "bob@example.com"]);
    expect(short.sent[0]?.body).toEqual({ name: "bob", email: "bob@example.com", role: "user", group_ids: [] });
  });

  it("reinvite, edit, enable, disable, sign-out, remove: by address, name or id", async () => {
    const routes = {
      ...PEOPLE,
      "POST /api/v1/users/usr_9/invite": [201, INVITE],
      "PATCH /api/v1/users/usr_9": [200, ADA],
      "DELETE /api/v1/users/usr_9/sessions": [204],
      "DELETE /api/v1/users/usr_9": [204],
    } as const;
    expect((await run(routes, ["users", "reinvite", "Ada"])).stdout).toBe(`${INVITE.invite_url}\n`);
    expect(await sentBy(routes, ["users", "edit", "usr_9", "--name", "Ada L."])).toBe(
      'PATCH /api/v1/users/usr_9 {"name":"Ada L."}',
    );
    expect(await sentBy(routes, ["users", "disable", "Ada"])).toBe('PATCH /api/v1/users/usr_9 {"enabled":false}');
    expect(await sentBy(routes, ["users", "enable", "Ada"])).toBe('PATCH /api/v1/users/usr_9 {"enabled":true}');
    expect((await run(routes, ["users", "sign-out", "Ada", "--json"])).json()).toEqual({ signed_out: "usr_9" });
    expect((await run(routes, ["users", "remove", "Ada", "--yes"])).stdout).toBe("Ada is removed.\n");
  });

  it("remove: wants a confirmation that names the person", async () => {
    expect(await run(PEOPLE, ["users", "remove", "Ada"])).toMatchObject({ code: 2, sent: [] });
    const asked = await run(PEOPLE, ["users", "remove", "Ada"], { typed: ["n\n"] });
    expect([asked.code, asked.sent]).toEqual([1, []]);
    expect(asked.stderr).toContain("Remove Ada (ada@example.com) and everything stored for them? [y/N]");
  });

  it("the last administrator stays, and the answer says what to do first", async () => {
    const routes = { ...PEOPLE, "DELETE /api/v1/users/usr_9": refusal(409, "last_admin", "Somebody has to remain.") };
    const { code, stderr } = await run(routes, ["users", "remove", "Ada", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toContain("npx keyward users edit <user> --role admin");
  });

  it.each([
    [["users", "list", "--role", "root"]],
    [["users", "list", "--enabled", "--disabled"]],
    [["users", "list", "--limit", "none"]],
    [["users", "invite", "ada@example.com", "--role", "root"]],
    [["users", "edit", "Ada"]],
    [["users", "edit", "Ada", "--role", "root"]],
  ])("refuses %j and sends nothing", async (args) => {
    expect(await run(PEOPLE, args)).toMatchObject({ code: 2, seen: [] });
  });
});

describe("groups", () => {
  const CHANGED = { ...ENGINEERING, members_count: 1 };

  it("list, create, rename, remove", async () => {
    const routes = {
      ...PEOPLE,
      "POST /api/v1/groups": [201, ENGINEERING],
      "PATCH /api/v1/groups/grp_1": [200, { ...ENGINEERING, name: "platform" }],
      "DELETE /api/v1/groups/grp_1": [204],
    } as const;
    expect((await run(routes, ["groups", "list"])).stdout).toMatch(/^engineering +2 +2027-01-15 12:00Z +grp_1$/m);
    expect(await sentBy(routes, ["groups", "create", "engineering"])).toBe(
      'POST /api/v1/groups {"name":"engineering"}',
    );
    expect((await run(routes, ["groups", "rename", "engineering", "platform"])).stdout).toBe("It is platform now.\n");
    expect((await run(routes, ["groups", "remove", "grp_1", "--yes", "--json"])).json()).toEqual({ removed: "grp_1" });
    expect(await run(routes, ["groups", "remove", "enginering", "--yes"])).toMatchObject({
      code: 1,
      sent: [],
      stderr: expect.stringContaining("Did you mean engineering?") as string,
    });
  });

  it("members: lists them, or changes them in one request", async () => {
    const routes = {
      ...PEOPLE,
      "GET /api/v1/groups/grp_1/members": page(ADA),
      "PATCH /api/v1/groups/grp_1/members": [200, CHANGED],
    } as const;
    expect((await run(routes, ["groups", "members", "engineering"])).stdout).toMatch(/^Ada +ada@example\.com/m);
    const { stdout, sent } = await run(
      routes,
      "groups members engineering --add ada@example.com --remove usr_9".split(" "),
    );
    expect(stdout).toBe("engineering has 1 member.\n");
    expect(sent[0]?.body).toEqual({ add: ["usr_9"], remove: ["usr_9"] });
  });
});

describe("keys of users", () => {
  it("create --owner: the key acts as that user", async () => {
    const routes = { ...PEOPLE, "POST /api/v1/virtual-keys": [201, { ...OWNED, key: "kw_the-key" }] } as const;
    const { stdout, stderr, sent } = await run(routes, ["keys", "create", "laptop", "--owner", "ada@example.com"]);
    expect([stdout, sent[0]?.body]).toEqual(["kw_the-key\n", { name: "laptop", owner_user_id: "usr_9" }]);
    expect(stderr).not.toContain("servers grant");
  });

  it("list: of one owner", async () => {
    const { seen } = await run(PEOPLE, ["keys", "list", "--owner", "Ada", "--search", "lap"]);
    expect(seen.at(-1)?.target).toBe("/api/v1/virtual-keys?owner=usr_9&q=lap&limit=500");
  });

  it("rotate: shows the new key once, and says how long the old one works", async () => {
    const rotated = { ...ALICE, key: "kw_new", previous_works_until: NOW };
    const routes = { ...PEOPLE, "POST /api/v1/virtual-keys/vk_a/rotate": [200, rotated] } as const;
    const { code, stdout, stderr, sent } = await run(routes, ["keys", "rotate", "alice"]);
    expect([code, stdout, sent[0]?.body]).toEqual([0, "kw_new\n", { overlap_seconds: 86_400 }]);
    expect(stderr).toContain("The old key works until 2027-01-15 12:00Z.");
    expect(stderr).not.toContain("kw_new");
    expect(await sentBy(routes, ["keys", "rotate", "alice", "--overlap", "90m"])).toContain('{"overlap_seconds":5400}');
    expect(await sentBy(routes, ["keys", "rotate", "alice", "--overlap", "0"])).toContain('{"overlap_seconds":0}');
    expect(await run(routes, ["keys", "rotate", "alice", "--overlap", "soon"])).toMatchObject({ code: 2, seen: [] });
  });
});

describe("admin tokens", () => {
  const TERRAFORM = { id: "adm_1", name: "terraform", created_at: NOW };

  it("list, create, revoke; the token is shown once and alone", async () => {
    const routes = {
      "GET /api/v1/admin-tokens": page(TERRAFORM),
      "POST /api/v1/admin-tokens": [201, { ...TERRAFORM, token: "kwa_new" }],
      "DELETE /api/v1/admin-tokens/adm_1": [204],
    } as const;
    expect((await run(routes, ["admin-tokens", "list"])).stdout).toMatch(/^terraform +2027-01-15 12:00Z +adm_1$/m);
    const { stdout, stderr } = await run(routes, ["admin-tokens", "create", "terraform"]);
    expect(stdout).toBe("kwa_new\n");
    expect(stderr).not.toContain("kwa_new");
    expect((await run(routes, ["admin-tokens", "revoke", "terraform", "--yes"])).stdout).toBe(
      "terraform is revoked.\n",
    );
    expect(await run(routes, ["admin-tokens", "revoke", "terraform"])).toMatchObject({ code: 2, sent: [] });
  });
});

describe("--dry-run", () => {
  const SERVER = { id: "srv_1", name: "weather", header_schema: [], verification: {} };
  const preview: StubAnswer = [200, PREVIEW];
  const routes = {
    ...PEOPLE,
    "GET /api/v1/servers": page(SERVER),
    "PATCH /api/v1/servers/srv_1": preview,
    "DELETE /api/v1/servers/srv_1": preview,
    "PATCH /api/v1/users/usr_9": preview,
    "DELETE /api/v1/users/usr_9": preview,
    "DELETE /api/v1/groups/grp_1": preview,
    "PATCH /api/v1/groups/grp_1/members": preview,
    "PATCH /api/v1/virtual-keys/vk_a": preview,
    "DELETE /api/v1/virtual-keys/vk_a": preview,
  } as const;

  it.each([
    "servers edit weather --disable",
    "servers remove weather",
    "users edit Ada --role admin",
    "users disable Ada",
    "users enable Ada",
    "users remove Ada",
    "groups remove engineering",
    "groups members engineering --remove Ada",
    "keys disable alice",
    "keys enable alice",
    "keys revoke alice",
  ])("%s: asks for a preview, without a confirmation, and tells it", async (line) => {
    const { code, stdout, sent } = await run(routes, [...line.split(" "), "--dry-run"]);
    expect([code, stdout]).toEqual([0, FORETOLD]);
    expect(sent.map(({ target }) => target.split("?")[1])).toEqual(["dry_run=true"]);
    expect((await run(routes, [...line.split(" "), "--dry-run", "--json"])).json()).toEqual(PREVIEW);
  });

  it("says so when nobody is affected, and when something would be deleted", async () => {
    const removal = async (people: number): Promise<string> => {
      const preview = { orphaned: 0, reactivated: 0, needs_update: 0, people };
      const answer: StubAnswer = [200, { preview }];
      const line = "servers remove weather --dry-run".split(" ");
      return (await run({ ...routes, "DELETE /api/v1/servers/srv_1": answer }, line)).stdout;
    };
    expect(await removal(0)).toBe("No connection would be affected. Nothing was changed.\n");
    expect(await removal(1)).toBe("What 1 person stored would be deleted. Nothing was changed.\n");
  });
});
