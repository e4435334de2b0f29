import { NOW, type Given, type Ran, runCommand } from "./run-command.ts";
import { page, type SeenRequest, startStubGateway, type StubAnswer } from "./stub-gateway.ts";

export const TOKEN = "kwa_test-token";

export const ALICE = {
  id: "vk_a",
  name: "alice",
  prefix: "kw_AbCdE",
  enabled: true,
  owner_user_id: null,
  owner_name: null,
  created_at: NOW,
};
export const OWNED = { ...ALICE, id: "vk_o", name: "owned", owner_user_id: "usr_9", owner_name: "Ada" };
export const ADA = {
  id: "usr_9",
  name: "Ada",
  email: "ada@example.com",
  role: "user",
  enabled: true,
  invited: false,
  created_at: NOW,
  updated_at: NOW,
};
export const ENGINEERING = { id: "grp_1", name: "engineering", members_count: 2, created_at: NOW };

/** Everybody that a name may mean. */
export const PEOPLE = {
  "GET /api/v1/virtual-keys": page(ALICE, OWNED),
  "GET /api/v1/virtual-keys/vk_a": [200, ALICE],
  "GET /api/v1/virtual-keys/vk_o": [200, OWNED],
  "GET /api/v1/users": page(ADA),
  "GET /api/v1/users/usr_9": [200, { ...ADA, groups: [{ id: "grp_1", name: "engineering" }] }],
  "GET /api/v1/groups": page(ENGINEERING),
} as const;

export type Routes = Readonly<Record<string, StubAnswer | ((request: SeenRequest) => StubAnswer)>>;

interface RanAgainst extends Ran {
  readonly seen: readonly SeenRequest[];
  /** Those that are no GET. */
  readonly sent: readonly SeenRequest[];
  json(): unknown;
}

/** Runs one command against a gateway that answers what the test says, with an admin token. */
export async function run(routes: Routes, args: readonly string[], given: Given = {}): Promise<RanAgainst> {
  const gateway = await startStubGateway(routes);
  const env = { KEYWARD_URL: gateway.url, KEYWARD_ADMIN_TOKEN: TOKEN, ...given.env };
  const ran = await runCommand(args, { ...given, env });
  const sent = gateway.seen.filter(({ method }) => method !== "GET");
  return { ...ran, seen: gateway.seen, sent, json: () => JSON.parse(ran.stdout) as unknown };
}
