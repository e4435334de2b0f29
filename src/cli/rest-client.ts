import { ERROR_TABLE, type ErrorCode, type ErrorDetails, isKeywardError, KeywardError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { toPrintable } from "../core/printable.ts";
import { Secret } from "../core/secret.ts";
import { createApiClient } from "../client/client.ts";
import type { AnswerOf, BodyOf, ItemOf, ListPath, Method, ParametersOf, PathOf, QueryOf } from "../client/routes.ts";
import { textAt } from "./json-answer.ts";

/** A body in which a text may be a secret. Secrets are opened in this file and nowhere before. */
type WithSecrets<T> = T extends string
  ? string extends T
    ? string | Secret<string>
    : T
  : T extends (infer Item)[]
    ? readonly WithSecrets<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: WithSecrets<T[Key]> }
      : T;

type BodyPart<Body> = [Body] extends [never] ? object : { readonly body: WithSecrets<Body> };

/** Ids, query and body of one request. */
type Given<M extends Method, P extends PathOf<M>> = ParametersOf<M, P> & BodyPart<BodyOf<M, P>>;

type Arguments<M extends Method, P extends PathOf<M>> =
  object extends Given<M, P> ? [given?: Given<M, P>] : [given: Given<M, P>];

type Call<M extends Method> = <P extends PathOf<M>>(path: P, ...given: Arguments<M, P>) => Promise<AnswerOf<M, P>>;

/** A list, as far as it was asked for. */
interface Listing<Item> {
  readonly items: readonly Item[];
  /** Where more would start; null = that was all. */
  readonly next_cursor: string | null;
}

/**
 * The REST API of a running gateway, typed by its description. Every method throws a KeywardError: with the code and
 * message of the API's own answer, or `gateway_unreachable` when there was none.
 */
export interface RestClient {
  /** `scheme://host[:port]` */
  readonly url: string;
  readonly get: Call<"get">;
  readonly post: Call<"post">;
  readonly put: Call<"put">;
  readonly patch: Call<"patch">;
  readonly remove: Call<"delete">;
  /** Follows the pages until `most` items are there. */
  list<P extends ListPath>(path: P, given: ListGiven<P>, most: number): Promise<Listing<ItemOf<P>>>;
}

type ListGiven<P extends ListPath> = Omit<ParametersOf<"get", P>, "query"> & { readonly query?: QueryOf<P> };

export const DEFAULT_GATEWAY_URL = "http://127.0.0.1:4180";

/** Longer than the gateway takes to verify a sample. */
const TIMEOUT_MS = 90_000;
const PAGE = 500;
const MAX_MESSAGE = 500;
const TOKEN = /^[\x21-\x7e]{1,512}$/;
const SEGMENT = /^[A-Za-z0-9_-]{1,255}$/;

/** What a request is made of, once the types have done their work. */
interface Parts {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

type UntypedRequest = (
  method: Method,
  path: string,
  init: object,
) => Promise<{ readonly data?: unknown; readonly error?: unknown; readonly response: Response }>;

/**
 * @param url of the gateway, without a path
 * @param token admin token or virtual key; null = none is presented
 * @throws KeywardError `invalid_request` when the URL or the token cannot be used; neither is quoted
 */
export function createRestClient(url: string, token: Secret<string> | null): RestClient {
  const origin = parseGatewayUrl(url);
  assertPresentable(token);
  // The types of method, path and the rest belong together. `Call` has seen to that, and here they are put aside.
  const request = createApiClient({ baseUrl: origin, fetch: reach }).request as unknown as UntypedRequest;

  async function ask(method: Method, path: string, { path: ids, query, body }: Parts = {}): Promise<unknown> {
    let status = 0;
    const init = {
      params: { path: ids, query },
      body,
      bodySerializer: (given: unknown) => JSON.stringify(given, openSecret),
      pathSerializer: fillIn,
      headers: {
        Accept: "application/json",
        ...(token === null ? {} : { Authorization: `Bearer ${token.reveal()}` }),
      },
      // The token is for this gateway, and goes to no other place that it names.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      fetch: async (made: Request) => {
        const response = await reach(made);
        status = response.status;
        return response;
      },
    };
    try {
      const { data, error, response } = await request(method, path, init);
      if (!response.ok) {
        throw refusal(error, origin, status);
      }
      if (status !== 204 && !isJsonObject(data)) {
        throw notKeyward(origin, status);
      }
      return data;
    } catch (error) {
      if (isKeywardError(error)) {
        throw error;
      }
      // What ends while it is read: no JSON, or the connection.
      throw error instanceof SyntaxError ? notKeyward(origin, status) : noAnswer(origin, error);
    }
  }

  const call =
    <M extends Method>(method: M): Call<M> =>
    (path, ...[given]) =>
      ask(method, path, given) as Promise<never>;

  return {
    url: origin,
    get: call("get"),
    post: call("post"),
    put: call("put"),
    patch: call("patch"),
    remove: call("delete"),

    async list<P extends ListPath>(path: P, given: ListGiven<P>, most: number) {
      const items: ItemOf<P>[] = [];
      let cursor: string | null = null;
      do {
        const { path: ids, query } = given as Parts;
        const limit = Math.min(PAGE, most - items.length);
        const parts = { ...(ids && { path: ids }), query: { ...query, limit, cursor } };
        const page = (await ask("get", path, parts)) as Partial<Listing<ItemOf<P>>>;
        if (page.items === undefined) {
          throw notKeyward(origin, 200);
        }
        items.push(...page.items);
        cursor = page.next_cursor ?? null;
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
function fillIn(path: string, ids: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (typeof id !== "string" || !SEGMENT.test(id)) {
      throw new KeywardError("invalid_request", { message: "An id is letters, digits, - and _." });
    }
    return id;
  });
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    throw noAnswer(new URL(request.url).origin, error);
  }
}

function refusal(answer: unknown, origin: string, status: number): KeywardError {
  const error = isJsonObject(answer) ? answer["error"] : undefined;
  if (!isJsonObject(error)) {
    return notKeyward(origin, status);
  }
  const code = textAt(error, "code");
  const message = toPrintable(textAt(error, "message"), MAX_MESSAGE);
  const details = detailsOf(error);
  return isErrorCode(code)
    ? new KeywardError(code, { message, ...(details === undefined ? {} : { details }) })
    : // A newer gateway may know codes that this version does not.
      new KeywardError("internal", { message: `${toPrintable(code, MAX_MESSAGE)}: ${message}` });
}

function detailsOf(error: JsonObject): ErrorDetails | undefined {
  return isJsonObject(error["details"]) ? (error["details"] as ErrorDetails) : undefined;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

function notKeyward(origin: string, status: number): KeywardError {
  return unreachable(`What answers at ${origin} is not Keyward (status ${status}).`);
}

function noAnswer(origin: string, reason: unknown): KeywardError {
  return unreachable(`${origin} does not answer (${reasonOf(reason)}).`);
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
function openSecret(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Secret ? held.reveal() : value;
}
