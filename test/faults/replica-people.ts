import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { callTool } from "../helpers/rpc.ts";
import { textIn } from "../helpers/test-gateway.ts";
import { codeOf, type Outcome } from "./replica-judge.ts";
import type { Team } from "./replica-team.ts";

/**
 * A value, from when it was handed in until another one, or a revoke, was acknowledged: whatever one replica has done
 * counts for the next call on every other (decision 049), and no call of its person is under way then.
 */
export interface StoredValue {
  readonly value: string;
  /** What the form said that it is for: it must never be sent anywhere else (P1). */
  readonly origin: string;
  readonly from: number;
  until: number;
}

/** What a person asked for and what is known of it, in order. Only what may have changed something. */
export interface Operation {
  readonly kind: "store" | "revoke";
  readonly outcome: Exclude<Outcome, "refused">;
  readonly credentialId: string | null;
  readonly version: number | null;
}

/** The server that all of it is about, and how often it has been edited. An odd number: right now. */
export class SharedServer {
  readonly id: string;
  #edits = 0;
  #moves = 0;

  constructor(id: string) {
    this.id = id;
  }

  get edits(): number {
    return this.#edits;
  }

  get moves(): number {
    return this.#moves;
  }

  /** @param isMove whether it goes to another origin */
  async edit(isMove: boolean, work: () => Promise<void>): Promise<void> {
    this.#edits += 1;
    this.#moves += isMove ? 1 : 0;
    await work();
    this.#edits += 1;
    this.#moves += isMove ? 1 : 0;
  }
}

/** What an edit of the server, and nothing else, ends. */
const ENDED_BY_EDIT: ReadonlySet<ErrorCode> = new Set(["flow_not_found", "schema_changed"]);

/**
 * Somebody is given so many links of one server in a minute, by all replicas together (decision 061). Who asks for the next
 * one after this time stays within that.
 */
const LINK_EVERY_MS = 6_500;

/** Somebody with a key, who does one thing after the other and remembers what was acknowledged. */
export class Person {
  readonly id: string;
  readonly values: StoredValue[] = [];
  readonly operations: Operation[] = [];
  readonly #team: Team;
  readonly #server: SharedServer;
  readonly #accept: (value: string) => void;
  readonly #key: string;
  #credentialId: string | null = null;
  /** Of the server, when the newest value was given; null = there is none, or nobody knows: a link is a right answer. */
  #storedAtMove: number | null = null;
  #isAsked = false;
  /** From when on it may be asked for a link. */
  #nextLinkAt = 0;

  /** @param accept tells the servers that a value is good */
  constructor(
    parts: { readonly team: Team; readonly server: SharedServer; readonly accept: (value: string) => void },
    { id, key }: { readonly id: string; readonly key: string },
  ) {
    this.#team = parts.team;
    this.#server = parts.server;
    this.#accept = parts.accept;
    this.id = id;
    this.#key = key;
  }

  /** @param index sets people apart: an even one begins with a revoke, an odd one with an edit */
  async live(index: number, isOver: () => boolean): Promise<void> {
    let turn = index;
    while (!isOver()) {
      const mayAsk = performance.now() >= this.#nextLinkAt;
      const hasValues = this.#credentialId !== null && !this.#isAsked;
      if (!mayAsk) {
        if (hasValues) await this.call();
      } else if (hasValues && turn % 2 === 0) {
        turn += 1;
        await this.#revoke();
        // What is gone must not be sent, and is asked for.
        await this.call();
      } else {
        turn += hasValues ? 1 : 0;
        await this.#store();
      }
      await pause(hasValues ? 10 : 50);
    }
  }

  async call(): Promise<void> {
    const { judge } = this.#team;
    const url = await this.#team.next();
    if (url === null) return;
    const begun = performance.now();
    const storedAt = this.#storedAtMove;
    const answer = await callTool({ url }, this.#key, "notes-whoami").catch(() => null);
    if (answer === null) {
      judge.count("unanswered");
      return;
    }
    if (answer.body["error"] !== undefined) {
      judge.outcomeOfError(`call: ${JSON.stringify(answer.body)}`, codeOf(answer));
    } else if (answer.text.includes("/connect/") || answer.text.startsWith("Several links")) {
      // A link, or that there were too many of them just now.
      this.#isAsked = true;
      this.#nextLinkAt = performance.now() + LINK_EVERY_MS;
      judge.count("asked");
      if (storedAt !== null && storedAt === this.#server.moves) {
        judge.accuse("a call was asked for values although they are stored");
      }
    } else if (answer.result.isError === true) {
      judge.count("told");
      // A tool's caller is a model: it is told in words, without a code.
      if (!answer.text.endsWith("Try again later.")) judge.accuse(`call: ${answer.text}`);
    } else {
      judge.count("calls");
      if (!this.#isOwn(answer.text, begun)) {
        judge.accuse(`a call carried a value that was not the caller's then: ${answer.text}`);
      }
    }
  }

  #isOwn(print: string, begun: number): boolean {
    const ended = performance.now();
    return this.values.some(
      ({ value, from, until }) => fingerprint(value) === print && from <= ended && until >= begun,
    );
  }

  async #store(): Promise<void> {
    this.#nextLinkAt = performance.now() + LINK_EVERY_MS;
    const team = this.#team;
    const { edits, moves } = this.#server;
    const path = `/api/v1/servers/${this.#server.id}/flow`;
    const opened = await team.send("POST", path, this.#key, {});
    if (team.judge.outcomeOf("flow", opened, 201) !== "done" || opened === null) return;
    const flow = `/api/v1/flows/${textIn(opened.body, "flow_id")}`;
    const shown = await team.send("GET", flow, this.#key);
    if (team.judge.outcomeOf("form", shown, 200, this.#endedSince(edits)) !== "done" || shown === null) return;
    const origin = textIn(shown.body["server"] as JsonObject, "url_origin");
    const stored: StoredValue = { value: canaryValue("value"), origin, from: performance.now(), until: Infinity };
    this.#accept(stored.value);
    this.values.push(stored);
    const answer = await team.send("PUT", flow, this.#key, { headers: { "X-API-Key": stored.value } });
    const outcome = team.judge.outcomeOf("submit", answer, 200, this.#endedSince(edits));
    if (outcome === "done" && answer !== null) {
      team.judge.count("stored");
      const credentialId = textIn(answer.body, "credential_id");
      this.#credentialId = credentialId;
      this.operations.push({ kind: "store", outcome, credentialId, version: Number(answer.body["version"]) });
      this.#isAsked = false;
      // Given while the server moved, it may be for where it is no more.
      this.#storedAtMove = moves % 2 === 0 ? moves : null;
      this.#endAll(stored);
    } else if (outcome === "open") {
      this.operations.push({ kind: "store", outcome, credentialId: null, version: null });
      await this.#askWhatCameOf(flow, stored);
    } else {
      stored.until = performance.now();
    }
  }

  /** As the page does whose answer was lost. */
  async #askWhatCameOf(flow: string, stored: StoredValue): Promise<void> {
    const answer = await this.#team.send("GET", `${flow}/status`, this.#key);
    if (answer?.body["state"] === "completed") {
      this.#team.judge.count("stored, as was found out");
      this.operations.splice(-1, 1, { kind: "store", outcome: "done", credentialId: null, version: null });
      this.#endAll(stored);
    }
  }

  #endedSince(edits: number): ReadonlySet<string> {
    return edits % 2 === 1 || this.#server.edits !== edits ? ENDED_BY_EDIT : new Set();
  }

  async #revoke(): Promise<void> {
    const credentialId = this.#credentialId;
    if (credentialId === null) return;
    this.#storedAtMove = null;
    const answer = await this.#team.send("DELETE", `/api/v1/credentials/${credentialId}`, this.#key);
    const outcome = this.#team.judge.outcomeOf("revoke", answer, 204);
    if (outcome === "refused") return;
    this.operations.push({ kind: "revoke", outcome, credentialId, version: null });
    // Whether it is gone or not: something is stored next.
    this.#credentialId = null;
    if (outcome === "done") {
      this.#team.judge.count("revoked");
      this.#endAll(null);
    }
  }

  #endAll(except: StoredValue | null): void {
    const now = performance.now();
    for (const stored of this.values) if (stored !== except) stored.until = Math.min(stored.until, now);
  }
}
