import { ERROR_TABLE, type ErrorCode, type ErrorDetails, KeywardError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { toPrintable } from "../core/printable.ts";
import { Secret } from "../core/secret.ts";
import { objectsAt, textAt } from "./json-answer.ts";

/** What may stand in a request. Secrets are opened here and nowhere before. */
type RequestValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Secret<string>
  | readonly RequestValue[]
  | RequestBody;

export interface RequestBody {
  readonly [key: string]: RequestValue;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** A list, as far as it was asked for. */
interface Listing {
  readonly items: readonly JsonObject[];
  /** Where more would start; null = that was all. */
  readonly next_cursor: string | null;
}

/**
 * The REST API of a running gateway. Every method throws a KeywardError: with the code and message of the API's own
 * answer, or `gateway_unreachable` when there was none.
 */
export interface RestClient {
  /** `scheme://host[:port]` */
  readonly url: string;
  get(path: readonly string[], query?: Query): Promise<JsonObject>;
  /** Follows the pages until `most` items are there. */
  list(path: readonly string[], query: Query, most: number): Promise<Listing>;
  send(method: "POST" | "PUT" | "PATCH", path: readonly string[], body: RequestBody): Promise<JsonObject>;
  remove(path: readonly string[]): Promise<void>;
}

export const DEFAULT_GATEWAY_URL = "http://127.0.0.1:4180";

/** Longer than the gateway takes to verify a sample. */
const TIMEOUT_MS = 90_000;
const PAGE = 500;
const MAX_MESSAGE = 500;
const TOKEN = /^[\x21-\x7e]{1,512}$/;
const SEGMENT = /^[A-Za-z0-9_-]{1,255}$/;

/**
 * @param url of the gateway, without a path
 * @param token admin token or virtual key; null = none is presented
 * @throws KeywardError `invalid_request` when the URL or the token cannot be used; neither is quoted
 */
export function createRestClient(url: string, token: Secret<string> | null): RestClient {
  const origin = parseGatewayUrl(url);
  assertPresentable(token);

  async function ask(method: string, path: readonly string[], query: Query, body?: RequestBody): Promise<JsonValue> {
    const target = new URL(["/api/v1", ...path.map(segment)].join("/"), origin);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        target.searchParams.set(name, String(value));
      }
    }
    const response = await reach(target, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token === null ? {} : { Authorization: `Bearer ${token.reveal()}` }),
      },
      body: body === undefined ? null : JSON.stringify(body, openSecret),
      // The token is for this gateway, and goes to no other place that it names.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 204) {
      return null;
    }
    const answer = await readJson(response);
    if (!response.ok) {
      throw refusal(answer, origin);
    }
    return answer;
  }

  async function askForObject(...args: Parameters<typeof ask>): Promise<JsonObject> {
    const answer = await ask(...args);
    return isJsonObject(answer) ? answer : {};
  }

  return {
    url: origin,
    get: (path, query = {}) => askForObject("GET", path, query),
    send: (method, path, body) => askForObject(method, path, {}, body),
    async remove(path) {
      await ask("DELETE", path, {});
    },
    async list(path, query, most) {
      const items: JsonObject[] = [];
      let cursor: string | null = null;
      do {
        const limit = Math.min(PAGE, most - items.length);
        const page: JsonObject = await askForObject("GET", path, { ...query, limit, cursor: cursor ?? undefined });
        items.push(...objectsAt(page, "items"));
        cursor = textAt(page, "next_cursor") || null;
      } while (cursor !== null && items.length < most);
      return { items, next_cursor: cursor };
    },
  };
}

function parseGatewayUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || text.includes("@")) {
    throw new KeywardError("invalid_request", {
      message: "The gateway's URL must be http or https, with host and port and nothing else.",
    });
  }
  return url.origin;
}

/** fetch refuses what cannot stand in a header with an error that quotes it. */
function assertPresentable(token: Secret<string> | null): void {
  if (token !== null && !TOKEN.test(token.reveal())) {
    throw new KeywardError("invalid_request", {
      message: "The token has a space, a line break or a character that no token has.",
    });
  }
}

/** A name with a slash or dots in it would be another path. */
function segment(text: string): string {
  if (!SEGMENT.test(text)) {
    throw new KeywardError("invalid_request", { message: "An id is letters, digits, - and _." });
  }
  return text;
}

async function reach(target: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, init);
  } catch (error) {
    throw unreachable(`${target.origin} does not answer (${reasonOf(error)}).`);
  }
}

async function readJson(response: Response): Promise<JsonValue> {
  try {
    return (await response.json()) as JsonValue;
  } catch {
    throw unreachable(`What answers at ${new URL(response.url).origin} is not Keyward (status ${response.status}).`);
  }
}

function refusal(answer: JsonValue, origin: string): KeywardError {
  const error = isJsonObject(answer) && isJsonObject(answer["error"] ?? null) ? answer["error"] : undefined;
  if (error === undefined || !isJsonObject(error)) {
    return unreachable(`What answers at ${origin} is not Keyward.`);
  }
  const code = textAt(error, "code");
  const message = toPrintable(textAt(error, "message"), MAX_MESSAGE);
  const details = isJsonObject(error["details"] ?? null) ? (error["details"] as ErrorDetails) : undefined;
  return isErrorCode(code)
    ? new KeywardError(code, { message, ...(details === undefined ? {} : { details }) })
    : // A newer gateway may know codes that this version does not.
      new KeywardError("internal", { message: `${toPrintable(code, MAX_MESSAGE)}: ${message}` });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

function unreachable(message: string): KeywardError {
  return new KeywardError("gateway_unreachable", { message });
}

/** The system's name of what went wrong, such as `ECONNREFUSED`; fetch hides it in causes. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof Error && "code" in inner && typeof inner.code === "string") {
    return inner.code;
  }
  return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "no connection";
}

/** `JSON.stringify` hands a replacer what `toJSON` made of the value; the value itself is in the holder. */
function openSecret(this: RequestBody, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Secret ? held.reveal() : value;
}
