import type { ABUSE_CASES } from "../requirements.ts";

/*
 * What stands between an abuse case and its harm, one line of the source each. `npm run test:guards` takes each of them
 * away, in a copy, and the test of the case has to fail: a test that passes without its guard tests nothing.
 */

export interface Guard {
  /** The case whose test has to fail without it. */
  readonly abuseCase: keyof typeof ABUSE_CASES;
  readonly what: string;
  /** Path in the repository. */
  readonly source: string;
  /** Stands there exactly once. */
  readonly guard: string;
  readonly without: string;
  /** Where the test of the case is. */
  readonly test: string;
}

export const GUARDS: readonly Guard[] = [
  {
    abuseCase: "A01",
    what: "a user's link opens for that user only",
    source: "src/core/opener.ts",
    guard: "return identity.id === user.id;",
    without: "return true;",
    test: "test/security/people-links.test.ts",
  },
  {
    abuseCase: "A02",
    what: "a key opens the links of its own identity only",
    source: "src/core/opener.ts",
    guard: 'identity !== null && flow.identity.mode !== "user" && isSameIdentity(flow.identity, identity)',
    without: "identity !== null",
    test: "test/security/links.test.ts",
  },
  {
    abuseCase: "A05",
    what: "a link's token opens the routes of its scope only",
    source: "src/core/temp-token.ts",
    guard: "(ROUTES.get(scope) ?? [])",
    without: "[...ROUTES.values()].flat()",
    test: "src/core/temp-token.test.ts",
  },
  {
    abuseCase: "A07",
    what: "a token with a wrong checksum is looked up nowhere",
    source: "src/core/token.ts",
    guard: "|| checksum(prefix + body) !== text.slice(-CHECKSUM_LENGTH)",
    without: "",
    test: "src/core/token.test.ts",
  },
  {
    abuseCase: "A09",
    what: "values go to the origin that they were given for",
    source: "src/upstream/inject.ts",
    guard: "url.origin !== call.origin",
    without: "url === null",
    test: "test/upstream/request.test.ts",
  },
  {
    abuseCase: "A14",
    what: "one submission claims a link",
    source: "src/store/submissions.ts",
    guard: `    .where(isUnclaimed(sql.val(tx.now)))
`,
    without: "",
    test: "test/security/links.test.ts",
  },
  {
    abuseCase: "A17",
    what: "a change by cookie comes from a page of this gateway",
    source: "src/http/guard.ts",
    guard: "      ownPages.assertFromOwnPage(request, signedIn);\n",
    without: "",
    test: "test/security/people-requests.test.ts",
  },
  {
    abuseCase: "A22",
    what: "a ciphertext is bound to its identity",
    source: "src/core/seal-context.ts",
    guard: "      binding.identity.id,\n",
    without: "",
    test: "test/security/tampering.test.ts",
  },
  {
    abuseCase: "A22",
    what: "a ciphertext is bound to its server",
    source: "src/core/seal-context.ts",
    guard: "      binding.serverId,\n",
    without: "",
    test: "test/security/tampering.test.ts",
  },
  {
    abuseCase: "A23",
    what: "a ciphertext is bound to its version",
    source: "src/core/seal-context.ts",
    guard: "      String(slot.version),\n",
    without: "",
    test: "test/security/tampering.test.ts",
  },
  {
    abuseCase: "A25",
    what: "every address of a DNS answer is judged",
    source: "src/upstream/egress/guard.ts",
    guard: "!addresses.every(({ address }) => policy.isAddressAllowed(hostname, address))",
    without: "!addresses.some(({ address }) => policy.isAddressAllowed(hostname, address))",
    test: "test/upstream/egress.test.ts",
  },
  {
    abuseCase: "A27",
    what: "the far end of the socket is judged before a byte is sent",
    source: "src/upstream/egress/guard.ts",
    guard: "socket.remoteAddress !== undefined && policy.isAddressAllowed(hostname, socket.remoteAddress)",
    without: "socket.remoteAddress !== undefined && hostname !== null && policy !== null",
    test: "test/upstream/egress.test.ts",
  },
  {
    abuseCase: "A31",
    what: "a value with a line break or control character is refused when it is typed",
    source: "src/core/header-values.ts",
    guard: String.raw`const FIELD_VALUE = /^[\x20-\x7e\t]+$/;`,
    without: String.raw`const FIELD_VALUE = /^[^]+$/;`,
    test: "src/core/header-values.test.ts",
  },
  {
    abuseCase: "A32",
    what: "names of the connection and of MCP may not be declared",
    source: "src/core/header-name.ts",
    guard: "REFUSED_NAMES.has(name) || ",
    without: "",
    test: "src/core/header-name.test.ts",
  },
  {
    abuseCase: "A35",
    what: "one name is written once",
    source: "src/upstream/inject.ts",
    guard: "if (headers.has(name)) {",
    without: "if (headers === null) {",
    test: "src/upstream/inject.test.ts",
  },
  {
    abuseCase: "A38",
    what: "an injected value is taken out of answers",
    source: "src/upstream/scrub.ts",
    guard: "text.includes(form)",
    without: "text === form",
    test: "src/upstream/scrub.test.ts",
  },
  {
    abuseCase: "A39",
    what: "a secret prints as [secret] in JSON",
    source: "src/core/secret.ts",
    guard: `  toJSON(): string {
    return REDACTED;`,
    without: `  toJSON(): unknown {
    return this.#value;`,
    test: "src/core/secret.test.ts",
  },
  {
    abuseCase: "A42",
    what: "a session is its identity's",
    source: "src/gateway/session/session-id.ts",
    guard: "known.identityKey !== owner || ",
    without: "",
    test: "src/gateway/session/session-id.test.ts",
  },
  {
    abuseCase: "A45",
    what: "a foreign host is refused",
    source: "src/server/front-door.ts",
    guard: "host === undefined || others.length > 0 || !hosts.has(host.toLowerCase())",
    without: "host === undefined || others.length > 0",
    test: "test/e2e/foreign-requests.test.ts",
  },
  {
    abuseCase: "A47",
    what: "only an administrator reaches an administrator's route",
    source: "src/http/guard.ts",
    guard: "!isAdministrator(principal)",
    without: "isAdministrator === null",
    test: "test/http/every-route.test.ts",
  },
  {
    abuseCase: "A49",
    what: "a request state belongs to its request",
    source: "src/gateway/auth-required/request-state.ts",
    guard: " || payload.request !== digestOf(request)",
    without: "",
    test: "src/gateway/auth-required/request-state.test.ts",
  },
  {
    abuseCase: "A52",
    what: "a revoke meanwhile ends the submission",
    source: "src/store/submissions.ts",
    guard: " || claimed.access_epoch !== (claimed.epoch_now ?? 0)",
    without: "",
    test: "test/store/sqlite-epoch.test.ts",
  },
  {
    abuseCase: "A53",
    what: "access is asked again at the commit",
    source: "src/store/submissions.ts",
    guard: "!fromBit(claimed.has_access) || ",
    without: "",
    test: "test/store/sqlite-epoch.test.ts",
  },
  {
    abuseCase: "A54",
    what: "the form is compared with the schema at the commit",
    source: "src/store/submissions.ts",
    guard: "claimed.schema_revision < claimed.form_revision_now || ",
    without: "",
    test: "test/faults/races.test.ts",
  },
  {
    abuseCase: "A55",
    what: "a value is stored only after the server has accepted it",
    source: "src/core/submission.ts",
    guard: "outcome = await verify(server, values);",
    without: 'outcome = { ...(await verify(server, values)), kind: "accepted", strength: "proven" } as VerifyOutcome;',
    test: "test/security/submission.test.ts",
  },
  {
    abuseCase: "A64",
    what: "the clock that judges expiry never runs backwards",
    source: "src/store/sqlite/sqlite-engine.ts",
    guard: "Math.max(this.#latestTime, this.clock.now())",
    without: "this.clock.now()",
    test: "test/store/sqlite-concurrency.test.ts",
  },
  {
    abuseCase: "A66",
    what: "nothing is stored under a key that has been retired",
    source: "src/store/sealing-key.ts",
    guard: 'key?.state === "retired"',
    without: 'key?.state === "lost"',
    test: "test/faults/key-races.test.ts",
  },
  {
    abuseCase: "A60",
    what: "PostgreSQL has written down what is acknowledged",
    source: "src/store/postgres/transaction.ts",
    guard: "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';",
    without: "",
    test: "test/faults/database-restarts.test.ts",
  },
  {
    abuseCase: "A62",
    what: "a gateway is not ready before the reads of calls are answered",
    source: "src/store/postgres/postgres-engine.ts",
    guard: "await this.first((db) => sql`select 1`.compile(db));",
    without: "",
    test: "test/store/postgres-engine.test.ts",
  },
];
