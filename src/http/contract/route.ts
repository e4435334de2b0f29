import { createRoute, z, type RouteConfig } from "@hono/zod-openapi";
import { ERROR_TABLE, type ErrorCode } from "../../core/errors.ts";

/**
 * Who a route answers. One word decides both what the guard demands and what the API description says, so that the two
 * cannot differ. `opener`: whoever may open that link. `signed_in`: any proven identity, or an administrator. `person`: a
 * user by its dashboard session, or an administrator; never a program by its key, which could make itself more keys.
 */
export type Access = "public" | "opener" | "signed_in" | "person" | "admin";

export interface ApiRoute extends RouteConfig {
  readonly access: Access;
  getRoutingPath(): string;
}

type Config = Omit<RouteConfig, "path" | "security">;

type Proofs = Readonly<Record<string, string[]>>;

/** One of a list has to be presented. What a proof names in its list are roles that it has to have. */
const SECURITY: Readonly<Record<Access, readonly Proofs[]>> = {
  public: [],
  opener: [{ tempToken: [] }, { virtualKey: [] }, { session: [] }, { cookie: [] }, { admin: [] }],
  signed_in: [{ virtualKey: [] }, { session: [] }, { cookie: [] }, { admin: [] }],
  person: [{ cookie: [] }, { admin: [] }],
  admin: [{ cookie: ["admin"] }, { admin: [] }],
};

/** What a guard may answer before the route itself has its say. */
const GUARD_ERRORS: Readonly<Record<Access, readonly ErrorCode[]>> = {
  public: [],
  opener: [
    "opener_unknown",
    "unauthenticated",
    "ambiguous_credentials",
    "flow_not_found",
    "credential_store_unavailable",
  ],
  signed_in: ["unauthenticated", "ambiguous_credentials", "credential_store_unavailable"],
  person: ["unauthenticated", "ambiguous_credentials", "forbidden", "credential_store_unavailable"],
  admin: ["unauthenticated", "ambiguous_credentials", "forbidden", "credential_store_unavailable"],
};

const BODY_ERRORS: readonly ErrorCode[] = ["invalid_json", "payload_too_large", "unsupported_media_type"];

const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]]).openapi({
        description: "One of a closed list, see docs/errors.md.",
      }),
      message: z.string().openapi({ description: "For a person to read. It never quotes a value." }),
      details: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
        .optional()
        .openapi({ description: "Facts for a program, by code." }),
    }),
  })
  .openapi("Error");

/**
 * A route of the API.
 *
 * @param access who it answers
 * @param errors what it may throw beyond what its guard and its body may
 * @param config path, method, input and successful answers
 */
export function defineRoute<const R extends Config & { path: string }>(
  access: Access,
  errors: readonly ErrorCode[],
  config: R,
): R & Pick<ApiRoute, "access" | "getRoutingPath"> {
  const { request } = config;
  const codes: ErrorCode[] = [
    ...(config.path.startsWith("/api/") ? (["foreign_origin"] as const) : []),
    ...GUARD_ERRORS[access],
    ...(access === "public" || config.method === "get" ? [] : (["csrf_failed"] as const)),
    ...(request?.query === undefined && request?.body === undefined ? [] : (["invalid_request"] as const)),
    ...(request?.body === undefined ? [] : BODY_ERRORS),
    ...errors,
    "internal",
  ];
  const route = createRoute({
    ...config,
    security: securityOf(access, config.method),
    responses: { ...config.responses, ...errorResponses(codes) },
  });
  // Not enumerable: the description is made of what can be enumerated.
  Object.defineProperty(route, "access", { value: access, enumerable: false });
  return route as unknown as R & Pick<ApiRoute, "access" | "getRoutingPath">;
}

/** A cookie comes along by itself, so for whatever changes something it takes the session's CSRF token beside it. */
function securityOf(access: Access, method: string): Proofs[] {
  return SECURITY[access].map((proofs) =>
    method !== "get" && proofs["cookie"] !== undefined ? { ...proofs, csrf: [] } : proofs,
  );
}

function errorResponses(codes: readonly ErrorCode[]): RouteConfig["responses"] {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_TABLE[code].status);
  const entries = [...byStatus].map(([status, ofStatus]) => [
    status,
    {
      description: ofStatus.map((code) => `\`${code}\``).join(", "),
      content: { "application/json": { schema: ErrorBody } },
    },
  ]);
  return Object.fromEntries(entries) as RouteConfig["responses"];
}
