import { isKeywardError, type ErrorCode } from "../core/errors.ts";

const NEXT_STEP: Partial<Readonly<Record<ErrorCode, string>>> = {
  gateway_unreachable: "Is keyward running? Start it with `keyward serve`, or set KEYWARD_URL to where it runs.",
  unauthenticated:
    "Set KEYWARD_ADMIN_TOKEN to an admin token of this gateway. On a first start: `keyward setup` makes one.",
  forbidden: "This needs an admin token in KEYWARD_ADMIN_TOKEN.",
  foreign_host: "Set KEYWARD_URL to the gateway's public URL.",
  setup_done: "Setup is done once. Use the admin token that it made.",
  server_not_found: "`keyward servers list` shows the servers.",
  virtual_key_not_found: "`keyward keys list` shows the keys.",
  user_not_found: "`keyward users list` shows the users.",
  group_not_found: "`keyward groups list` shows the groups.",
  admin_token_not_found: "`keyward admin-tokens list` shows the tokens.",
  last_admin: "Make somebody else an administrator first: `keyward users edit <user> --role admin`.",
  credential_not_found: "`keyward connections list` shows the connections.",
  upstream_not_allowed: "List the host in KEYWARD_ALLOW_PRIVATE_UPSTREAMS and restart keyward, if it is yours.",
  missing_header_values: "Give a sample with `--sample <header>`.",
  port_in_use: "Choose another port with `--port`, or stop what uses it.",
  encryption_key_missing: "Put the key back, or name it with KEYWARD_ENCRYPTION_KEY_FILE. `keyward doctor` says more.",
  encryption_key_wrong: "Start with the key that this database was made with. `keyward doctor` says more.",
  migration_failed: "Nothing was changed. Make a copy of the database before you try again.",
};

/**
 * What a person can do about an error; null when the message has said it.
 * @param called how this program was called: commands in the text can be copied
 */
export function nextStepFor(error: unknown, called: string): string | null {
  const step = isKeywardError(error) ? NEXT_STEP[error.code] : undefined;
  return step?.replaceAll("`keyward ", `\`${called} `) ?? null;
}
