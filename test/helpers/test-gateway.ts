import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { loadConfig } from "../../src/server/config/config.ts";
import { startServer, type RunningServer, type ServerPorts } from "../../src/server/lifecycle.ts";
import { createLogger } from "../../src/server/log.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { betrays, tapAnswers } from "./canary.ts";
import { engineOf } from "./engine.ts";

/** The whole product on a real database, of the engine that this run is for, and a free port of loopback. */
export interface TestGateway {
  readonly url: string;
  readonly folder: string;
  readonly running: RunningServer;
  /** Everything that has been logged, at level debug. */
  readonly log: () => string;
  /** A REST call as the administrator. */
  admin(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** A REST call with headers of one's own. */
  call(method: string, path: string, headers?: Record<string, string>, body?: unknown): Promise<ApiAnswer>;
  issueKey(name: string): Promise<{ readonly id: string; readonly key: string }>;
  /** Registers an upstream that wants `x-api-key`, verified with the sample. @returns its id */
  register(name: string, upstreamUrl: string, sample: string, more?: object): Promise<string>;
  grant(serverId: string, ...keyIds: readonly string[]): Promise<void>;
  /** Stops, and checks that no canary stands in any log line, answer or file. */
  close(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
}

export interface TestGatewayOptions {
  readonly clock?: Clock;
  /** How far this machine's clock is ahead of the database's, which on SQLite is the same clock. */
  readonly skewMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** An existing folder: another replica, or the same gateway started again. It is not removed by `close()`. */
  readonly folder?: string;
  readonly upstream?: ServerPorts["upstream"];
  readonly documents?: ServerPorts["documents"];
  /** Answers and log lines are kept, to be looked through for values at the end. A test that counts memory says false. */
  readonly keepsAnswers?: boolean;
}

export const ADMIN_TOKEN = "test-admin-token-0123456789abcdef0123456789";

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "keyward-test-"));
  const log: string[] = [];
  const answered: Buffer[] = [];
  const engine = await engineOf(folder);
  const config = loadConfig({
    flags: { port: "0" },
    env: engine.envWith({
      KEYWARD_ADMIN_TOKEN: ADMIN_TOKEN,
      KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1",
      ...options.env,
    }),
    configPath: null,
  });
  const { keepsAnswers = true, skewMs = 0 } = options;
  const running = await startServer(config, {
    clock: options.clock ?? { ...systemClock, now: () => systemClock.now() + skewMs },
    random: systemRandom,
    logger: createLogger(
      { level: "debug", format: "json" },
      { write: (line) => void (keepsAnswers && log.push(line)) },
    ),
    ...(options.clock === undefined ? {} : { databaseTime: options.clock.now }),
    ...(options.upstream === undefined ? {} : { upstream: options.upstream }),
    ...(options.documents === undefined ? {} : { documents: options.documents }),
  });
  const untap = keepsAnswers ? tapAnswers(running.port, (bytes) => answered.push(bytes)) : () => {};
  const url = running.publicUrl;

  async function call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<ApiAnswer> {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  }

  function admin(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return call(method, path, { authorization: `Bearer ${ADMIN_TOKEN}` }, body);
  }

  return {
    url,
    folder,
    running,
    log: () => log.join(""),
    admin,
    call,

    async issueKey(name) {
      const { status, body } = await admin("POST", "/api/v1/virtual-keys", { name });
      expect(status).toBe(201);
      return { id: textIn(body, "id"), key: textIn(body, "key") };
    },

    async register(name, upstreamUrl, sample, more = {}) {
      const { status, body, text } = await admin("POST", "/api/v1/servers", {
        name,
        url: upstreamUrl,
        auth_type: "per_user_headers",
        header_schema: [{ name: "X-API-Key" }],
        sample_headers: { "X-API-Key": sample },
        ...more,
      });
      expect([status, text]).toEqual([201, expect.anything()]);
      return textIn(body, "id");
    },

    async grant(serverId, ...keyIds) {
      const grants = keyIds.map((id) => ({ auth_mode: "virtual_key", identity: id }));
      expect((await admin("PUT", `/api/v1/servers/${serverId}/grants`, { grants })).status).toBe(200);
    },

    async close() {
      // While it runs: the write-ahead log is folded into the database and removed when the last handle closes.
      const betrayedBefore = await engine.betrayed();
      await running.stop();
      untap();
      const betrayedAfter = await engine.betrayed();
      if (options.folder === undefined) {
        rmSync(folder, { recursive: true });
      }
      expect({
        files: [...betrayedBefore, ...betrayedAfter],
        log: log.filter((line) => betrays(Buffer.from(line))),
        answers: answered.filter(betrays).map(() => "an answer with a value"),
      }).toEqual({ files: [], log: [], answers: [] });
    },
  };
}

/** A member of an answer that has to be text. */
export function textIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== "string") {
    throw new Error(`the answer has no text ${name}`);
  }
  return value;
}

/** The code of an error answer. */
export function errorCode({ body }: ApiAnswer): string {
  return textIn((body["error"] ?? {}) as JsonObject, "code");
}

/** @returns an empty object when it is not JSON */
export function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}
